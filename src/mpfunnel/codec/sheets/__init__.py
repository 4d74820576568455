"""Sheets of a spreadsheet ⇄ the tables of a playbook."""
