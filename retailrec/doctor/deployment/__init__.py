"""What can be known before a first deployment: ``retailrec doctor --before-deploy``."""
