"""How long an event may be missing before the reconciler sends it again."""

from datetime import timedelta

# Longer than the time between two steps of a run that makes progress.
MAX_STEP_GAP = timedelta(minutes=4)
# The schedule of reconcile_runs in the template, which a test compares.
RECONCILED_EVERY = timedelta(minutes=5)
# An upload whose event never came is old enough after the one, and is seen after the other at the latest.
ADOPTED_WITHIN = MAX_STEP_GAP + RECONCILED_EVERY
# S3 needs about this long after a bucket's events for EventBridge are switched on.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
S3_EVENTS_BEGIN_AFTER = timedelta(minutes=5)
