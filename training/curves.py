"""Draws the curves of a run from its log.

    python -m training.curves [RUN] [--out FILE]

One line a figure, against the steps of the training, as an SVG.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, EDGE = 640, 360, 50, 30
FIGURES = {
    "f1": "F1 of word pieces",
    "exact": "exact",
    "area_margin": "area, by the margin",
    "area_head": "area, by the head",
}
COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#8d6a9f")


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, nargs="?", default=Path("training/work/run"))
    parser.add_argument("--out", type=Path, help="default: curves.svg beside the log")
    arguments = parser.parse_args()
    text = (arguments.run / "log.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    out: Path = arguments.out or arguments.run / "curves.svg"
    out.write_text(draw(rows), "utf-8")
    print(out)


def draw(rows: Sequence[dict[str, float]]) -> str:
    """Return an SVG of the figures of some checkpoints."""
    longest = max(row["step"] for row in rows)
    low = int(10 * min(row[name] for row in rows for name in FIGURES)) / 10

    def place(step: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - EDGE) * step / longest
        y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / (1 - low)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tenth in range(round(10 * low), 11):
        (start, y), end = place(0, tenth / 10).split(","), place(longest, tenth / 10)
        parts.append(f'<polyline points="{start},{y} {end}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 26}" y="{y}">{tenth / 10:.1f}</text>')
    for number, (name, label) in enumerate(FIGURES.items()):
        points = " ".join(place(row["step"], row[name]) for row in rows)
        colour = COLOURS[number]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        line = HEIGHT - EDGE - 12 - 14 * number
        parts.append(f'<text x="{WIDTH - 240}" y="{line}" fill="{colour}">{label}: '
                     f"{rows[-1][name]:.3f}</text>")  # fmt: skip
    parts.append(
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{longest:,.0f} steps, '
        f"{rows[-1]['minutes']:.0f} minutes</text></svg>"
    )
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
