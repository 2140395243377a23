"""Draws the results of a benchmark; each picture names, in its metadata, the file it shows.

python -m bench.pictures NAME ...
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench import results
from bench.peers.client import LABELS, OWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PAPER = "#1f2328", "#ffffff"
SHADES = {
    "footnote": "#0b6e99", "reading": "#12a3c9", "quickstart": "#c9cdd3", "ensemble": "#a3a9b2",
    "chroma": "#7d848f", "txtai": "#575e69",
}  # fmt: skip
FORMATS = ("svg", "png")


def draw(name: str) -> None:
    """Write the pictures of a benchmark, ``docs/img/bench-NAME.svg`` and ``.png``."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams |= {
        "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
        "text.color": INK, "axes.labelcolor": INK, "svg.hashsalt": name, "savefig.dpi": 144,
    }  # fmt: skip
    figures = results.load(name)
    picture = DRAWN[name](figures)
    picture.supxlabel(_origin(figures), x=0.99, ha="right", fontsize=6.5, alpha=0.7)
    for ending in FORMATS:
        file = results.PICTURES / f"bench-{name}.{ending}"
        told = {"Description": results.digest(name)} | ({"Date": None} if ending == "svg" else {})
        picture.savefig(file, metadata=told, facecolor=PAPER)
    pyplot.close(picture)


def quality(figures: Mapping[str, Any]) -> Figure:
    """Show how often the first passage holds the answer, by set and system."""
    from matplotlib import pyplot

    picture, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 6.4), layout="constrained")
    sets = figures["retrieval"]
    _bars(
        upper,
        list(sets),
        {
            name: [100 * one["systems"][name]["recall@1"] if name in one["systems"] else None
                   for one in sets.values()]
            for name in LABELS
        },
    )  # fmt: skip
    upper.set_ylabel("the first passage holds the answer, %")
    upper.set_ylim(0, 115)
    upper.legend(ncols=3, frameon=False, loc="upper center", fontsize=8)
    scores = figures["scifact"]["systems"]
    areas = figures["abstention"]["area"]
    _bars(
        lower,
        ["SciFact: nDCG@10", "is the article there? area"],
        {
            name: [
                scores[name]["nDCG@10"] if name in scores else None,
                areas.get(name),
            ]
            for name in LABELS
        },
    )
    lower.set_ylim(0, 1.1)
    return picture


def speed(figures: Mapping[str, Any]) -> Figure:
    """Show what a cold question, a warm one and a passage cost, by system."""
    from matplotlib import pyplot

    picture, places = pyplot.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
    indexing = figures["indexing"]
    shown = {
        "start to the first answer, s": {
            name: one["median"] for name, one in figures["cold"].items()
        },
        "a warm question, ms": {
            name: 1000 * one["median"] for name, one in figures["warm"].items()
        },
        "passages indexed in a second": {
            name: count / indexing["seconds"][name] for name, count in indexing["passages"].items()
        },
    }
    for place, (title, values) in zip(places, shown.items(), strict=True):
        names = [name for name in LABELS if name in values]
        found = place.barh(
            [LABELS[name] for name in names],
            [values[name] for name in names],
            color=[SHADES[name] for name in names],
        )
        place.bar_label(found, fmt="%.3g", padding=2, fontsize=8)
        place.invert_yaxis()
        place.set_title(title, fontsize=8.5, loc="right")
        place.margins(x=0.22)
        place.tick_params(axis="y", labelsize=7.5)
    return picture


def scale(figures: Mapping[str, Any]) -> Figure:
    """Show how each measure grows with the library, both axes by powers."""
    from matplotlib import pyplot

    picture, places = pyplot.subplots(2, 4, figsize=(11, 5), layout="constrained")
    sizes = [int(size) for size in figures["sizes"]]
    growth = figures["growth"]
    for place in places.flat[len(growth) :]:
        place.set_visible(False)
    for place, (measure, exponent) in zip(places.flat, growth.items(), strict=False):
        values = [one[measure] for one in figures["sizes"].values()]
        place.plot(sizes, values, "o-", color=SHADES["footnote"])
        for size, value in zip(sizes, values, strict=True):
            label = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            place.annotate(
                label, (size, value), (0, 6), textcoords="offset points", ha="center", fontsize=8
            )
        place.set_xscale("log")
        place.set_yscale("log")
        place.set_ylim(min(values) / 3, max(values) * 3)
        place.set_xlim(sizes[0] / 2, sizes[-1] * 2)
        place.set_title(f"{measure}  (n to the {exponent:.2f})", fontsize=8)
    for place in places[-1]:
        place.set_xlabel("passages")
    return picture


DRAWN: Mapping[str, Callable[[Mapping[str, Any]], Figure]] = {
    "quality": quality,
    "speed": speed,
    "scale": scale,
}


def _bars(place: Axes, groups: Sequence[str], values: Mapping[str, Sequence[float | None]]) -> None:
    """Draw a bar for each system in each group; None leaves its place empty."""
    width = 0.8 / len(values)
    for number, (name, heights) in enumerate(values.items()):
        there = [(at, height) for at, height in enumerate(heights) if height is not None]
        found = place.bar(
            [at + (number - (len(values) - 1) / 2) * width for at, _ in there],
            [height for _, height in there],
            width * 0.92,
            color=SHADES[name],
            label=LABELS[name],
        )
        place.bar_label(found, fmt="%.3g", fontsize=6.5, padding=1,
                        fontweight="bold" if name in OWN else "normal")  # fmt: skip
    place.set_xticks(range(len(groups)), groups)


def _origin(figures: Mapping[str, Any]) -> str:
    machine = figures["machine"]
    return (
        f"{figures['command']} · {figures['date']} · {machine['processors']} × "
        f"{machine['processor']}, Python {machine['Python']}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=DRAWN)
    for chosen in parser.parse_args().names:
        draw(chosen)
