"""The rules engine: conditions as values, decision tables, and the interpreters that agree on them.

It knows nothing of marketing: what may be asked about is declared as facts, and what is decided
is any hashable value.
"""
