"""Channels as SageMaker mounts them, read into interactions."""
