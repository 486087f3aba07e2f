"""Charts as HTML and SVG, made by pure functions: of the quality report and of the console."""
