"""Stand-ins for the algorithm's programs: they keep its outer contract, and misbehave on demand."""
