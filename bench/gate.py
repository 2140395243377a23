"""Spoils statements in ways that a language model might, and counts what the gate lets pass.

    python -m bench.gate [--data FOLDER] [--pairs N] [--passed] [--dropped]

The true statements are sentences of the seed articles and, where the data are there, the
answer sentences of SQuADShifts; and the paraphrases of ``bench/paraphrases.yaml``.  Each is
spoilt in every way that applies to it.  ``--passed`` lists spoilt statements that were let
pass, ``--dropped`` true ones that were not.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

import seeds
from bench.questions import load
from bot import compose
from bot.settings import Settings
from retrieval import articles, sentences
from retrieval.amounts import Hedge, amounts
from retrieval.subjects import Encode
from retrieval.support import gaps
from retrieval.types import Article, fold_space

PARAPHRASES = Path(__file__).parent / "paraphrases.yaml"
SQUAD = Path("squad", "squadshifts_new_wiki.json.gz")
INVENTED = (
    "after officials had ignored repeated warnings",
    "and the company has since apologised to the families",
    "which critics called a waste of public money",
    "because the weather forecast had been wrong",
    "while the opposition demanded an inquiry",
    "and several witnesses were later threatened",
    "although experts had advised against it",
    "and the minister offered to resign",
    "which led to a sharp fall in share prices",
    "after a secret agreement with foreign investors",
    "and the court will hear the appeal in spring",
    "while neighbours complained about the noise",
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|had|will|can|could|did|does)\b(?! not)")
_NOT = re.compile(r"\b(?:not|never) ")
_MAY = re.compile(r"\b(?:may|might|could)\b")

Spoil = Callable[["Pair", random.Random], str | None]


@dataclass(frozen=True)
class Pair:
    """A true statement and the quote that it stands on; ``other`` is a sentence of elsewhere."""

    text: str
    quote: str
    other: str


def number_changed(pair: Pair, chance: random.Random) -> str | None:
    """Put another number in the place of one."""
    digits = list(re.finditer(r"(?<![\w.,])\d+(?:,\d{3})*(?![\w,.]\d|\w)", pair.text))
    if not digits:
        return None
    found = chance.choice(digits)
    value = int(found.group().replace(",", "")) + chance.choice([-3, -1, 1, 2, 7, 100])
    new = f"{abs(value):,}" if "," in found.group() else f"{abs(value)}"
    quoted = {amount.value for amount in amounts(pair.quote)}
    return None if float(abs(value)) in quoted else _put(pair.text, found, new)


def name_swapped(pair: Pair, chance: random.Random) -> str | None:
    """Put a name from elsewhere in the place of one."""
    own, others = list(_NAME.finditer(pair.text)), _NAME.findall(pair.other)
    strange = [name for name in others if name not in pair.quote]
    if not own or not strange:
        return None
    return _put(pair.text, chance.choice(own), chance.choice(strange))


def denied(pair: Pair, chance: random.Random) -> str | None:
    """Deny what is said."""
    found = list(_AUXILIARY.finditer(pair.text))
    if not found:
        return None
    one = chance.choice(found)
    return _put(pair.text, one, f"{one.group()} not")


def denial_removed(pair: Pair, _: random.Random) -> str | None:
    """Say what is denied."""
    spoilt = _NOT.sub("", pair.text)
    return spoilt if spoilt != pair.text else None


def hedge_dropped(pair: Pair, _: random.Random) -> str | None:
    """Say for sure what is nearly, about or perhaps so."""
    for amount in amounts(pair.text):
        if amount.hedge is not Hedge.EXACTLY:
            number = re.search(r"[$€£¥]?\d.*", amount.words)
            return pair.text.replace(amount.words, number.group()) if number else None
    spoilt = _MAY.sub("will", pair.text)
    return spoilt if spoilt != pair.text else None


def citation_moved(pair: Pair, _: random.Random) -> str | None:
    """Cite another sentence; the statement stays."""
    return pair.text


def clause_invented(pair: Pair, chance: random.Random) -> str | None:
    """Add a clause that nobody has said."""
    return f"{pair.text.rstrip('.')}, {chance.choice(INVENTED)}."


SPOILT: dict[str, Spoil] = {
    "number changed": number_changed,
    "name swapped": name_swapped,
    "negation added": denied,
    "negation removed": denial_removed,
    "hedge dropped": hedge_dropped,
    "citation moved": citation_moved,
    "clause invented": clause_invented,
}


def main() -> None:
    """Print a table of what was caught, and of false alarms."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pairs", type=int, default=800)
    parser.add_argument("--passed", action="store_true")
    parser.add_argument("--dropped", action="store_true")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    encode = compose.embedder(Settings(), print).encode
    sets = {"sentences": untouched(arguments.data, arguments.pairs), "paraphrases": paraphrased()}
    table = Table("", *sets, title="share caught, of how many")
    rows = {name: tallies(pairs, encode) for name, pairs in sets.items()}
    for kind in SPOILT:
        table.add_row(kind, *(_share(rows[name][kind]) for name in sets))
    table.add_section()
    table.add_row("false alarms", *(_share(rows[name]["untouched"]) for name in sets))
    console.print(table)
    for name, by_kind in rows.items():
        for kind, tried in by_kind.items():
            if arguments.passed if kind != "untouched" else arguments.dropped:
                for text, quote, found in tried:
                    if bool(found) is (kind == "untouched"):
                        console.print(f"{name}, {kind}: {text}", markup=False)
                        console.print(f"    {quote}  {found}", markup=False, style="dim")


Tried = list[tuple[str, str, list[str]]]


def tallies(pairs: Sequence[Pair], encode: Encode) -> dict[str, Tried]:
    """Return, for each way of spoiling, the statements tried with what was found missing."""
    chance = random.Random(7)
    tried: defaultdict[str, Tried] = defaultdict(list)
    for pair in pairs:
        tried["untouched"].append((pair.text, pair.quote, gaps(pair.text, [pair.quote], encode)))
        for kind, spoil in SPOILT.items():
            spoilt = spoil(pair, chance)
            if spoilt is not None:
                quote = pair.other if spoil is citation_moved else pair.quote
                tried[kind].append((spoilt, quote, gaps(spoilt, [quote], encode)))
    return tried


def untouched(data: Path, count: int) -> list[Pair]:
    """Return sentences that stand on themselves."""
    found = [
        fold_space(article.text[start:end])
        for article in seed_articles()
        for start, end in sentences.split(article.text)
    ]
    path = data / SQUAD
    if path.exists():
        texts, questions = load(path, 400)
        by_id = {article.id: article for article in texts}
        for question in questions:
            text = by_id[question.article].text
            spans = sentences.split(text)
            found += [
                fold_space(text[start:end])
                for start, end in spans
                if question.starts and start <= question.starts[0] < end
            ]
    unique = list(dict.fromkeys(one for one in found if len(one.split()) > 5))
    random.Random(7).shuffle(unique)
    return _pairs((one, one) for one in unique[:count])


def paraphrased() -> list[Pair]:
    """Return the paraphrases with their quotes."""
    rows = yaml.safe_load(PARAPHRASES.read_text("utf-8"))
    return _pairs((fold_space(row["paraphrase"]), fold_space(row["quote"])) for row in rows)


def seed_articles() -> list[Article]:
    """Return the articles that come with the install."""
    files = sorted(seeds.FOLDER.glob("*.md"))
    return [articles.parse(path.read_bytes(), Path(path.name), path.name) for path in files]


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[Pair]:
    """Give each pair the quote of one that is half of them away, for a sentence of elsewhere."""
    listed = list(pairs)
    half = len(listed) // 2
    return [
        Pair(text, quote, listed[(number + half) % len(listed)][1])
        for number, (text, quote) in enumerate(listed)
    ]


def _share(tried: Tried) -> str:
    caught = sum(bool(found) for _, _, found in tried)
    return f"{caught / len(tried):.1%} of {len(tried)}" if tried else "–"


def _put(text: str, place: re.Match[str], new: str) -> str:
    return text[: place.start()] + new + text[place.end() :]


if __name__ == "__main__":
    main()
