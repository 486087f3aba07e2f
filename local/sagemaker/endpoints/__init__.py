"""Endpoints, their configurations, and the fleets behind them."""
