"""Reading: from a file of any known format to one raw table."""
