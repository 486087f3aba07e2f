"""The HTTP application: control plane, runtime, and the admin paths."""
