"""A Docker engine on this machine: finding it, reaching the local cloud from it, watching what runs on it."""
