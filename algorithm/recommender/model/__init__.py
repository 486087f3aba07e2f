"""The trained model and its artifact."""
