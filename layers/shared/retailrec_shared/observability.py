"""One logger, tracer and metrics object for all functions."""

from aws_lambda_powertools import Logger, Metrics, Tracer

SERVICE = "retailrec"

logger = Logger(service=SERVICE)
tracer = Tracer(service=SERVICE)
metrics = Metrics(namespace=SERVICE, service=SERVICE)
