"""One logger, tracer and metrics object for all functions."""

import warnings

from aws_lambda_powertools import Logger, Metrics, Tracer

# Most invocations count nothing; a warning in the log for each would drown the others.
warnings.filterwarnings("ignore", message="No application metrics to publish")

# The service is the stack's name (POWERTOOLS_SERVICE_NAME): stacks in one account stay apart.
logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="retailrec")
