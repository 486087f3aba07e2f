"""Who calls, and what the caller and the execution roles may do."""
