"""The cleaning rules: parsing, normalization, rejection reasons, refusals, and the split."""
