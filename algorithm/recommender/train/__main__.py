"""``python -m recommender.train``."""

import sys

from recommender.train.start import main

sys.exit(main())
