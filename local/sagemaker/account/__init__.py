"""What the account holds: resources, tags, quotas, faults, and the events about them."""
