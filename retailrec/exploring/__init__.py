"""The code of notebooks/explore.ipynb: a stack, shown as tables and plots."""

from retailrec.exploring.shop import Shop

__all__ = ["Shop"]
