"""`sam local` against the cloud on a laptop: example events, a template with real values, invocations."""
