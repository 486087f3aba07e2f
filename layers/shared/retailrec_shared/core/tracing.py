"""One tracer for the event handlers. The API does without it: importing X-Ray's SDK takes too long."""

from aws_lambda_powertools import Tracer

tracer = Tracer()
