"""Tiers of a firm that keeps machines running: whoever's plants are near comes first."""

from acme_tiers.service_points import ServicePoints

__all__ = ["ServicePoints"]
