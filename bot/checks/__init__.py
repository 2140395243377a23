"""Checks of answers and their citations: ``footnote check``, a pytest plugin, ``assert_cites``."""

from bot.checks.citing import assert_cites

__all__ = ["assert_cites"]
