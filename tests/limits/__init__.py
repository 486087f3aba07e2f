"""What AWS takes of a request: botocore's model, and the documented limits that the model does not hold."""
