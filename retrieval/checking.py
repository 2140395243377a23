"""What holds in a library is checked, mended where it can be, and checked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from retrieval.errors import LibraryError

REPAIR = "run: footnote doctor --repair"


@dataclass(frozen=True)
class Finding:
    """What a check came to.  ``problem`` is None where all is well; ``remedy`` is what to do."""

    check: str
    problem: str | None = None
    remedy: str | None = None
    repaired: bool = False

    @property
    def is_well(self) -> bool:
        """Whether what is checked holds now."""
        return self.problem is None or self.repaired

    def to_dict(self) -> dict[str, object]:
        """Return the finding as JSON-ready data."""
        return {**asdict(self), "ok": self.is_well}


@dataclass(frozen=True)
class Check:
    """Something that always holds.

    ``find`` returns what is wrong, in a few words, or None; ``mend`` makes it hold again, and
    is None where nothing can; ``remedy`` says what to do where it did not help.
    """

    name: str
    find: Callable[[], str | None]
    mend: Callable[[], None] | None
    remedy: str

    def run(self, repair: bool) -> Finding:
        """Check, mend what is wrong if ``repair``, and look again whether it is mended."""
        problem = _said(self.find)
        if problem is None:
            return Finding(self.name)
        if self.mend is None:
            return self._unmended(problem)
        if not repair:
            return Finding(self.name, problem, REPAIR)
        left = _said(self.mend) or _said(self.find)
        if left is None:
            return Finding(self.name, problem, repaired=True)
        return self._unmended(left)

    def _unmended(self, problem: str) -> Finding:
        """Name the remedy, unless the sentence has it already."""
        return Finding(self.name, problem, None if self.remedy in problem else self.remedy)


def _said(act: Callable[[], str | None] | Callable[[], None]) -> str | None:
    """Return what an act returns, or the sentence that it fails with."""
    try:
        return act()
    except LibraryError as error:
        return str(error)
    except (LookupError, ValueError) as error:  # a row that an earlier check has told of
        return f"it cannot be read ({type(error).__name__}: {error})"
