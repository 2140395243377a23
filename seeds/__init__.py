"""The articles that are there from the first minute."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""The folder of the articles, in a checkout as in an install."""
