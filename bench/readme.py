"""Writes the figures of ``bench/results`` into the README, between its two marks.

    python -m bench.readme

A test holds the README against what this would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench import results
from bench.peers.client import LABELS, ROOT
from bench.quality import DEV, SCIFACT
from bench.scale import GROWING

FILE = ROOT / "README.md"
BEGIN, END = "<!-- figures of bench/results -->\n", "<!-- end of figures -->\n"
NONE = "–"


def main() -> None:
    """Put the present figures in place of the former ones."""
    FILE.write_text(filled(FILE.read_text("utf-8")), "utf-8")


def filled(readme: str) -> str:
    """Return a README with the figures between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + section() + "\n" + END + after


def section() -> str:
    """Return the tables and pictures of what was measured, as Markdown."""
    return "\n\n".join(part for name in PARTS if results.exists(name) for part in PARTS[name]())


def _quality() -> list[str]:
    figures = results.load("quality")
    picture = _picture("quality", "How often the first passage holds the answer, by system")
    return [picture, _found(figures), _ahead(figures), _told(figures)]


def _speed() -> list[str]:
    figures = results.load("speed")
    picture = _picture("speed", "Cold start, warm question and indexing, by system")
    return [picture, _fast(figures), _stages(figures), _limit(figures)]


def _scale() -> list[str]:
    figures = results.load("scale")
    picture = _picture("scale", "What grows with the library, and how fast")
    return [picture, _grown(figures), _unchanged(figures)]


def _services() -> list[str]:
    figures = results.load("services")
    told = f"`{figures['command']}`, {figures['date']}, on a PostgreSQL and a Chroma server:"
    return [told, _grown(figures)]


PARTS: Mapping[str, Callable[[], list[str]]] = {
    "quality": _quality,
    "speed": _speed,
    "scale": _scale,
    "services": _services,
}
"""What the README shows of each benchmark whose figures are there."""


def _found(figures: Mapping[str, Any]) -> str:
    sets = figures["retrieval"]
    return _table(
        ["the first passage holds the answer, %", *sets, f"{SCIFACT}, nDCG@10"],
        [
            [
                label,
                *(_percent(one["systems"].get(name), "recall@1") for one in sets.values()),
                _plain(figures["scifact"]["systems"].get(name), "nDCG@10"),
            ]
            for name, label in LABELS.items()
        ],
    )


def _ahead(figures: Mapping[str, Any]) -> str:
    sets = figures["retrieval"]
    peers = next(iter(sets.values()))["ahead"]
    return _table(
        ["how far Footnote's search is ahead, points", *sets],
        [
            [
                f"{LABELS[peer]}, of the first {cut}",
                *(_interval(one["ahead"][peer][f"recall@{cut}"]) for one in sets.values()),
            ]
            for cut in (1, 10)
            for peer in peers
        ],
    )


def _told(figures: Mapping[str, Any]) -> str:
    told, absent = figures["answers"], figures["abstention"]
    rows = []
    for name in LABELS:
        own = told["systems"].get(name)
        if own is None:
            continue
        is_ours = "F1" in own
        area = absent["area"].get(name)
        rows.append(
            [
                LABELS[name],
                f"{100 * own['exact match']:.1f} / {100 * own['F1']:.1f}" if is_ours else NONE,
                f"{100 * own['cited']:.1f} / {100 * own['found']:.1f}",
                f"{own['characters']:,.0f}",
                NONE if area is None else f"{area:.3f}",
                f"{100 * absent['precision']:.1f} / {100 * absent['recall']:.1f}"
                if is_ours
                else NONE,
            ]
        )
    return _table(
        [
            f"{DEV}: what one is told, or shown (4 passages)",
            "exact match / F1",
            "of what is cited, holds the answer / of the questions, does so",
            "characters to read",
            "article taken out or not: area",
            "declined: precision / recall",
        ],
        rows,
    )


def _fast(figures: Mapping[str, Any]) -> str:
    indexing = figures["indexing"]
    rows = []
    for name, label in LABELS.items():
        cold, warm = figures["cold"].get(name), figures["warm"][name]
        spent, passages = indexing["seconds"].get(name), indexing["passages"].get(name)
        rows.append(
            [
                label,
                f"{cold['median']:.1f}" if cold else NONE,
                f"{1000 * warm['median']:.0f} / {1000 * warm['p95']:.0f}",
                f"{passages / spent:.0f}" if spent else NONE,
                f"{figures['peak bytes'][name] / 1e6:.0f}",
                f"{figures['bytes a passage'][name] / 1e3:.1f}" if spent else NONE,
            ]
        )
    title = f"{figures['documents']:,} paragraphs"
    return _table(
        [
            title,
            "start to the first answer, s",
            "warm question, ms: median / 95 of 100",
            "passages indexed a second",
            "memory, MB",
            "disk, KB a passage",
        ],
        rows,
    )


def _stages(figures: Mapping[str, Any]) -> str:
    stages = figures["stages"]
    return _table(
        ["Footnote, a warm question", *stages],
        [
            ["median, ms", *(f"{1000 * one['median']:.1f}" for one in stages.values())],
            ["95 of 100, ms", *(f"{1000 * one['p95']:.1f}" for one in stages.values())],
        ],
    )


def _limit(figures: Mapping[str, Any]) -> str:
    share = figures["indexing"]["share of the bare model's rate"]
    return (
        "The overhead is the whole less the two models alone, run again on the same inputs. "
        f"Indexing runs at {share:.0%} of the rate of the bare embedding model."
    )


def _grown(figures: Mapping[str, Any]) -> str:
    sizes = figures["sizes"]
    return _table(
        ["Footnote", *(f"{int(size):,} passages" for size in sizes), "grows with n to the"],
        [
            [
                measure,
                *(f"{one[measure]:,.4g}" for one in sizes.values()),
                f"{round(figures['growth'][measure], 2) + 0.0:.2f}",  # no "-0.00"
            ]
            for measure in GROWING
            if measure in figures["growth"]
        ],
    )


def _unchanged(figures: Mapping[str, Any]) -> str:
    unchanged, rate = figures["unchanged"], figures["passages a second, the model alone"]
    return (
        f"A folder of {unchanged['articles']:,} unchanged articles is synced again in "
        f"{unchanged['seconds']:.1f} s. Of a sync, the model alone takes a second for every "
        f"{rate:.0f} passages."
    )


def _percent(row: Mapping[str, float] | None, measure: str) -> str:
    return f"{100 * row[measure]:.1f}" if row else NONE


def _plain(row: Mapping[str, float] | None, measure: str) -> str:
    return f"{row[measure]:.3f}" if row else NONE


def _interval(ahead: Sequence[float]) -> str:
    difference, low, high = (100 * one for one in ahead)
    return f"{difference:+.1f} ({low:+.1f} to {high:+.1f})"


def _picture(name: str, words: str) -> str:
    figures = results.load(name)
    return f"![{words}](docs/img/bench-{name}.svg)\n\n`{figures['command']}`, {figures['date']}:"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
