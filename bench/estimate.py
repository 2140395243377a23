"""A bar that tells how long a benchmark still takes, by what each of its parts is known to cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """What is being done, and what of the whole is done; in seconds that were expected."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._pending = 0.0

    def stage(self, what: str, seconds: float) -> None:
        """Begin something that is expected to take so long; what came before it is done."""
        self._progress.update(self._task, description=what, advance=self._pending)
        self._pending = seconds

    def step(self, what: str, seconds: float) -> Callable[[], None]:
        """Begin something of many steps; call what is returned after each."""
        self.stage(what, 0.0)
        return lambda: self._progress.advance(self._task, seconds)


@contextmanager
def bar(console: Console, seconds: float) -> Iterator[Bar]:
    """Show a bar for work that takes about so many seconds on two processors."""
    console.print(f"This takes about {max(1, round(seconds / 60))} min on two processors.")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, speed_estimate_period=600) as shown:
        yield Bar(shown, shown.add_task("Starting", total=seconds))
