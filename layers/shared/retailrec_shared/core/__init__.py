"""What everything else stands on: names, settings, statuses, errors, events, and AWS clients."""
