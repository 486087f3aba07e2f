"""One logger and one metrics object for all functions."""

import warnings

from aws_lambda_powertools import Logger, Metrics

# Most invocations count nothing; a warning in the log for each would drown the others.
warnings.filterwarnings("ignore", message="No application metrics to publish")

# The service is the stack's name (POWERTOOLS_SERVICE_NAME): stacks in one account stay apart.
logger = Logger()
metrics = Metrics(namespace="retailrec")
