"""What SageMaker sends to CloudWatch: the output of containers, and the metrics of training jobs."""
