"""Footnote's surfaces: the command line, and what is built on it."""
