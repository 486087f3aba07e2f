"""The algorithm's image: how it is built for SageMaker, pushed to a registry, and checked there."""
