"""Trains a recommender from interactions and serves it, over a SageMaker-shaped folder."""
