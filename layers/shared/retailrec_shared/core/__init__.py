"""What all other rooms use: names, settings, statuses, errors, events, and AWS clients."""
