"""Gaps: where the flow is lost, by product and segment, and what research says beside it."""
