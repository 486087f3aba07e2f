"""Workbooks: xlsx and xls."""
