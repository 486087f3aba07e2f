"""The quality report as one HTML page."""
