"""Models, model packages, algorithms."""
