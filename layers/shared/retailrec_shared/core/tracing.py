"""One tracer for the functions that nobody waits for: importing X-Ray's SDK takes longer than all else."""

from aws_lambda_powertools import Tracer

tracer = Tracer()
