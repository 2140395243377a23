"""Footnote's library: articles in, questions in, answers with true citations out.

Read the modules in the order in which data passes through them: ``types``,
``articles``, ``sentences``, ``passages``, ``embedding``, ``store``,
``vectors``, ``index``, ``search``, ``reader``, ``citations``, ``chain``.
Nothing here knows of a terminal, of Discord or of environment variables.
"""
