"""Small articles in two versions, a library of each, and what must be true of any library."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.chaos import site
from bot import compose, maintenance
from bot.records import Records
from bot.schema import Rules
from bot.settings import Settings
from retrieval import sync, visits
from retrieval.checking import Finding
from retrieval.sqlite import File

ARTICLES = 60
_KEPT, _CHANGED, _NEW = range(20), range(20, 40), range(60, 70)
REMOVED = [f"gauge-{number:02}.md" for number in range(40, 50)]
_LEVEL = re.compile(r"Gauge (\d+) stood at (\d+) centimetres\. The keeper wrote (\d+) in the book")

Texts = Mapping[str, str]
"""The text of each article, by id."""


def quiet(*_: object) -> None:
    """Listen, and do nothing."""


@dataclass(frozen=True)
class Ground:
    """What the trials start from.

    ``old`` and ``new`` are the texts of the two versions; ``site`` gives the files of the new one.
    """

    root: Path
    old: Texts
    new: Texts
    site: str

    @property
    def base(self) -> Path:
        """A data folder with the old version."""
        return self.root / "base"

    @property
    def backup(self) -> Path:
        """A backup of a data folder with the new version."""
        return self.root / "new.zip"

    def files(self, version: int) -> Path:
        """Return the folder of the articles of version 1 or 2."""
        return self.root / f"articles{version}"

    def home(self, name: str) -> Path:
        """Return a fresh copy of the data folder with the old version."""
        return Path(shutil.copytree(self.base, self.root / name))


def prepare(root: Path) -> Ground:
    """Write the articles, and make both libraries."""
    for version in (1, 2):
        folder = root / f"articles{version}"
        folder.mkdir(parents=True)
        for number in (
            range(ARTICLES) if version == 1 else (*_KEPT, *_CHANGED, *range(50, 60), *_NEW)
        ):
            is_changed = version == 2 and number in _CHANGED
            text = article(number, 2 if is_changed else 1)
            (folder / f"gauge-{number:02}.md").write_text(text, "utf-8")
    model = compose.embedder(Settings(_env_file=None), quiet)
    vars(compose)["embedder"] = lambda *_: model  # which is loaded once
    texts = []
    for version, name in ((1, "base"), (2, "next")):
        at = settings(root / name)
        with compose.library(at, quiet) as index:
            sync.sync(index, root / f"articles{version}")
        with closing(Records(File(root / name / "bot.db"))) as records:
            records.set_rules("7", Rules(cooldown=version))
        texts.append(contents(root / name))
    maintenance.save(settings(root / "next"), root / "new.zip", quiet)
    vars(visits)["SECONDS_BETWEEN"] = 0.0  # the site is ours
    old, new = texts
    return Ground(root, old, new, site.serve(root / "articles2"))


def article(number: int, version: int) -> str:
    """Return a text whose figures tell its number and version, twice."""
    level = 1000 * version + 7 * number
    return (
        f"---\ntitle: Gauge {number}\n---\nGauge {number} stood at {level} centimetres. "
        f"The keeper wrote {level} in the book.\n"
    )


def settings(home: Path, **more: object) -> Settings:
    """Return the settings of a data folder."""
    return Settings(_env_file=None, data_dir=home, **more)  # type: ignore[arg-type]


def contents(home: Path, **more: object) -> Texts:
    """Return the texts of a library, as the store has them."""
    from retrieval.store import Store

    with closing(Store(File(settings(home, **more).data_dir / "library.db"))) as store:
        found = store.articles(source.id for source in store.sources())
    return {article_id: article.text for article_id, article in found.items()}


def wounds(home: Path, *, repair: bool = False, **more: object) -> list[str]:
    """Return what the doctor finds, and leaves."""
    found: list[str] = []

    def say(library: str, finding: Finding) -> None:
        if not finding.is_well:
            found.append(f"doctor: {library} {finding.check}: {finding.problem}")

    maintenance.examine(settings(home, **more), quiet, say, repair=repair)
    return found


def lies(home: Path, questions: Sequence[int], texts: Texts, **more: object) -> list[str]:
    """Ask, and return what is wrong with the answers and citations."""
    at = settings(home, **more)
    found = []
    with compose.library(at, quiet) as index:
        ask = compose.pipeline(index)
        for number in questions:
            answer = ask(f"How many centimetres did gauge {number} stand at?")
            for citation in answer.citations:
                text = texts.get(citation.article.id)
                if text is None or text[citation.start : citation.end] != citation.quote:
                    found.append(f"{citation.quote!r} is not in {citation.article.id}")
            found += consistency(answer.text)
    return found


def consistency(text: str) -> list[str]:
    """Complain of figures that do not agree with each other: of two versions in one."""
    return [
        f"gauge {number} is said to be at {first} and {second}"
        for number, first, second in _LEVEL.findall(text)
        if first != second or (int(first) - 7 * int(number)) % 1000
    ]
