"""One logger, tracer and metrics object for all functions."""

import warnings

from aws_lambda_powertools import Logger, Metrics, Tracer

SERVICE = "retailrec"

# Most invocations count nothing; a warning in the log for each would drown the others.
warnings.filterwarnings("ignore", message="No application metrics to publish")

logger = Logger(service=SERVICE)
tracer = Tracer(service=SERVICE)
metrics = Metrics(namespace=SERVICE, service=SERVICE)
