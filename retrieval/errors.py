"""Everything that can go wrong, as one small tree.

    FootnoteError
    ├── SourceError      an article cannot be read
    │   ├── GoneError    there is nothing at its address any more
    │   └── LaterError   it cannot be had just now
    ├── QuestionError    a question cannot be asked
    ├── LibraryError     the index on disk is missing, damaged, locked or of another kind
    ├── ModelError       a model cannot be loaded
    ├── ChatError        a chat model gave nothing that can be used
    └── ConfigError      a setting makes no sense

Each message is one sentence for the person at the keyboard: what is wrong, and what to do.
"""


class FootnoteError(Exception):
    """Base of all errors that Footnote raises on purpose."""


class SourceError(FootnoteError):
    """An article cannot be read."""


class GoneError(SourceError):
    """There is nothing at an article's address any more."""


class LaterError(SourceError):
    """An article cannot be had just now, and perhaps can be later."""


class QuestionError(FootnoteError):
    """A question cannot be asked."""


class LibraryError(FootnoteError):
    """The index on disk is missing, damaged, locked or of another kind."""


class ModelError(FootnoteError):
    """A model cannot be loaded."""


class ChatError(FootnoteError):
    """A chat model gave nothing that can be used; the offline answer is given instead."""


class ConfigError(FootnoteError):
    """A setting makes no sense."""
