"""A local web page over one stack: its runs, its model, its customers, and a place to drop files."""
