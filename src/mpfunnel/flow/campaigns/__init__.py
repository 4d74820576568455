"""Campaigns: what they cost, whom they reached, what came of them, and the credit for it."""
