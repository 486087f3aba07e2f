"""Requests to SageMaker, the endpoint as a desired state, and checks of an algorithm."""
