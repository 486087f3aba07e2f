"""Rows in memory: coded columns, their headers, and the values of cells."""
