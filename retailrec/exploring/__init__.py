"""What notebooks/explore.ipynb stands on: a stack, read for people, as tables and pictures."""

from retailrec.exploring.shop import Shop

__all__ = ["Shop"]
