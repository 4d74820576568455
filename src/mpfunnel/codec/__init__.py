"""Plain data and files."""
