"""``python -m bot`` and ``footnote``: runs a command and turns every failure into one sentence."""

from __future__ import annotations

import gc
import io
import os
import sys

from retrieval.errors import FootnoteError

BAD_INPUT, UNEXPECTED, INTERRUPTED = 2, 1, 130


def main() -> None:
    """Run the command line; exit code 2 is for what the user can mend."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    gc.disable()  # until a library is open: a thousand modules are loaded, and none is garbage
    from bot.cli import app

    try:
        app(prog_name="footnote")
    except FootnoteError as error:
        _fail(str(error), BAD_INPUT)
    except SystemExit as done:
        if done.code == INTERRUPTED:  # Typer's own answer to Ctrl-C, which says nothing
            _fail("Interrupted; nothing is lost, and the same command goes on.", INTERRUPTED)
        raise
    except Exception as error:
        if os.environ.get("FOOTNOTE_DEBUG"):
            raise
        _fail(
            f"This is a bug ({type(error).__name__}: {error}); please report it with what "
            "FOOTNOTE_DEBUG=1 prints.",
            UNEXPECTED,
        )


def _fail(message: str, code: int) -> None:
    from bot.render import shown

    print(f"footnote: {shown(message)}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
