"""The uploaded file as it is: its format, its archive, and how large it may be."""
