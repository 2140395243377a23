"""Footnote on Discord."""
