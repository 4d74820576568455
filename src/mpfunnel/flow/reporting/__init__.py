"""Reporting: what came in and went out of each step, what was won, and cohorts over time."""
