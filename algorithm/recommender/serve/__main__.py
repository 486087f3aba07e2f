"""``python -m recommender.serve``."""

import sys

from recommender.serve.program import main

sys.exit(main())
