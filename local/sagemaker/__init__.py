"""A strict SageMaker on the loopback interface: real refusals, real life cycles, real work, real events."""
