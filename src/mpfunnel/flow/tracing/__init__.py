"""Tracing: from a playbook's answers about accounts to the journeys of companies and leads."""
