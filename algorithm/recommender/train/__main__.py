"""``python -m recommender.train``."""

import sys

from recommender.train.program import main

sys.exit(main())
