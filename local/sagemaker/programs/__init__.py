"""The algorithm's programs as processes or containers, and the client that talks to them."""
