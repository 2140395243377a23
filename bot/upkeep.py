"""``footnote doctor``, ``backup`` and ``restore``: what keeps a library whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bot import terminal
from bot.render import shown
from retrieval.wording import counted

if TYPE_CHECKING:
    from retrieval.checking import Finding

BROKEN = 1
"""The exit code where something is wrong and was not repaired."""


def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, as after a crash.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check all that is kept, a line a check; exit code 1 if something stays wrong."""
    settings = terminal.settings()
    from bot import maintenance

    found: list[tuple[str, Finding]] = []

    def say(library: str, finding: Finding) -> None:
        found.append((library, finding))
        if not as_json:
            terminal.output.print(_line(library, finding), soft_wrap=True)

    with terminal.spinner(terminal.notices) as doing:
        doing("Looking at all that is kept")
        maintenance.examine(settings, terminal.notify, say, repair=repair)
    if as_json:
        terminal.print_json([{"library": of, **finding.to_dict()} for of, finding in found])
    if not all(finding.is_well for _, finding in found):
        raise typer.Exit(BROKEN)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file to make, like kept.zip.")],
) -> None:
    """Copy all that is kept into one file, while the bot may run; vectors are left out."""
    settings = terminal.settings()
    from bot import maintenance

    made = maintenance.save(settings, file, terminal.notify)
    size = file.stat().st_size / 1_000
    terminal.output.print(
        f"{counted(len(made.members), 'database')} in {shown(str(file))}, {size:,.0f} KB",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What footnote backup made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of a library that is not empty.")
    ] = False,
) -> None:
    """Put a backup in the place of what is kept, and make the vectors anew; stop the bot first."""
    settings = terminal.settings()
    from bot import maintenance

    with terminal.progress("Indexing") as progress:
        made = maintenance.restore(settings, file, terminal.notify, progress, force=force)
    when = made.made.get("when", "an unknown time")
    terminal.output.print(
        f"Restored {counted(len(made.members), 'database')} of {shown(when)}",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def _line(library: str, finding: Finding) -> Text:
    state, style = (
        ("ok", "green") if finding.problem is None
        else ("mended", "yellow") if finding.repaired
        else ("broken", "bold red")
    )  # fmt: skip
    said = [f"{library} {finding.check}"]
    if finding.problem:
        said.append(f": {finding.problem}")
    if finding.remedy:
        said.append(f"; {finding.remedy}")
    return Text.assemble((f"{state:<8}", style), shown("".join(said)))
