"""Measures what a follow-up question finds as it was typed, as we complete it, and as people do.

    python -m bench.followups [--data FOLDER] [--questions N]

Reads CANARD (Elgohary, Peskov and Boyd-Graber, EMNLP 2019): questions in dialogues on
one article each, and each question written out by a person.  The passages are the
answers of all dialogues.  Recall@5: the answer to a question is among the first five.
Without titles a passage is the answer's words alone; with titles it stands under its
article's title, as in the product.

What we add is the title of the article that answered before.  "Known": it is the
dialogue's, as if all before had been answered rightly; beside that, people who wrote a
question out do not always name the article, so we may find more than they.  "Found": it
is that of the best passage for the question before, which may be wrong, and with it all
that follows; a dialogue's first question is taken as it was written out.

Last, first questions are asked in the midst of another dialogue, where all that we add is
wrong.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.library import library
from bot import compose
from bot.settings import Settings
from retrieval.articles import normalise
from retrieval.conversation import Conversation, Turn
from retrieval.question import Query
from retrieval.search import Search
from retrieval.types import Article, Hit, fold_space

FILE = Path("canard", "canard_dev.jsonl.gz")
CUT = 5
Find = Callable[[Query, int], list[Hit]]
CANNOT_ANSWER = "I don't know."


@dataclass(frozen=True)
class Asked:
    """A question of a dialogue about one article.

    ``before`` are the dialogue's earlier questions, the first as it was written out;
    ``written_out`` is the question as a person made it stand alone; ``answer`` is the
    passage to be found.
    """

    title: str
    before: tuple[str, ...]
    question: str
    written_out: str
    answer: str

    def conversation(self, topic_of: Callable[[Query], str | None] | None = None) -> Conversation:
        """Return what was said before, with each question as we have understood it.

        ``topic_of`` tells what article answered; without it, it is the dialogue's.
        """
        conversation = Conversation()
        for question in self.before:
            query = conversation.stand_alone(question)
            topic = topic_of(query) if topic_of else self.title
            conversation = Conversation((*conversation.turns, Turn(query.question, topic)))
        return conversation


def main() -> None:
    """Print a table of recalls, and what becomes of first questions."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--questions", type=int, default=1000)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    path = arguments.data / FILE
    if not path.exists():
        console.print(f"{path} is missing: CANARD, a JSON object a line, gzipped; see --data")
        raise SystemExit(2)
    rows = load(path)
    chance = random.Random(7)
    follow_ups = [row for row in rows if row.before]
    firsts = [row for row in rows if not row.before]
    chance.shuffle(follow_ups)
    shifts = [(row, _elsewhere(row, follow_ups, chance).conversation()) for row in firsts]
    follow_ups = follow_ups[: arguments.questions]
    table = Table("passages", "as typed", "completed by us", "written out", "of the gap we close")
    table.title = f"recall@{CUT} of {len(follow_ups):,} follow-ups"
    amid = Table("passages", "as typed", "completed by us")
    amid.title = f"recall@{CUT} of {len(firsts):,} first questions amid another dialogue"
    completed = [conversation.stand_alone(row.written_out) for row, conversation in shifts]
    embedder = compose.embedder(Settings(), print)
    for is_titled in (False, True):
        name = "with titles" if is_titled else "without titles"
        with library(articles(rows, is_titled), embedder) as index:
            search = Search(index)
            find = search.follow if is_titled else partial(_by_words, search)
            typed, ours, people = (
                recall(find, follow_ups, [ask(row) for row in follow_ups])
                for ask in (_typed, _completed, _written_out)
            )
            share = (ours - typed) / (people - typed)
            table.add_row(
                f"{name}, known", f"{typed:.3f}", f"{ours:.3f}", f"{people:.3f}", f"{share:.0%}"
            )
            if is_titled:
                topic_of = cache(partial(_found, search))
                queries = [
                    row.conversation(topic_of).stand_alone(row.question) for row in follow_ups
                ]
                found = recall(find, follow_ups, queries)
                share = (found - typed) / (people - typed)
                table.add_row(f"{name}, found", "", f"{found:.3f}", "", f"{share:.0%}")
            alone, ours = (
                recall(find, firsts, queries)
                for queries in ([_written_out(row) for row in firsts], completed)
            )
            amid.add_row(name, f"{alone:.3f}", f"{ours:.3f}")
    console.print(table)
    console.print(amid)
    changed = sum(query != _written_out(row) for query, row in zip(completed, firsts, strict=True))
    short = sum(talk.stand_alone(row.question) != _typed(row) for row, talk in shifts)
    console.print(
        f"first questions changed amid another dialogue, of {len(firsts)}: "
        f"{changed} as written out, {short} as typed, of which many leave their subject out"
    )
    fresh = sum(Conversation().stand_alone(row.question) != _typed(row) for row in firsts)
    console.print(f"first questions changed where nothing was said before: {fresh}")


def load(path: Path) -> list[Asked]:
    """Return the questions that have an answer."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    openings = {
        (*row["history"], row["question"]): row["rewrite"]
        for row in rows
        if len(row["history"]) == 2
    }
    return [
        Asked(
            title=row["history"][0],
            before=tuple(
                [
                    openings.get(tuple(row["history"][:3]), question)
                    for question in row["history"][2:3]
                ]
                + row["history"][4::2]
            ),
            question=fold_space(normalise(row["question"])),
            written_out=fold_space(normalise(row["rewrite"])),
            answer=normalise(row["answer"]).strip(),
        )
        for row in rows
        if row["answer"].strip() not in {"", CANNOT_ANSWER}
    ]


def articles(rows: Sequence[Asked], is_titled: bool) -> list[Article]:
    """Return each answer as an article of one passage, each once."""
    answers = {(row.answer, row.title if is_titled else ""): None for row in rows}
    return [
        Article(id=f"a{number:05}", title=title, text=answer)
        for number, (answer, title) in enumerate(answers)
    ]


def recall(find: Find, rows: Sequence[Asked], queries: Sequence[Query]) -> float:
    """Return the share of questions whose answer is among the first :data:`CUT` passages."""
    found = [
        any(
            row.answer == hit.passage.article.text and hit.passage.article.title in {row.title, ""}
            for hit in find(query, CUT)
        )
        for row, query in zip(rows, queries, strict=True)
    ]
    return sum(found) / len(rows)


def _by_words(search: Search, query: Query, limit: int) -> list[Hit]:
    """Search as for any question: without titles, no topic tells passages apart."""
    return search(str(query), limit)


def _typed(row: Asked) -> Query:
    return Query(row.question)


def _completed(row: Asked) -> Query:
    return row.conversation().stand_alone(row.question)


def _written_out(row: Asked) -> Query:
    return Query(row.written_out)


def _found(search: Search, query: Query) -> str | None:
    """Return the title over the best passage for a query; where none is found, its topic."""
    hits = search.follow(query, 1)
    return hits[0].passage.article.title if hits else query.topic


def _elsewhere(row: Asked, others: Sequence[Asked], chance: random.Random) -> Asked:
    return chance.choice([other for other in others if other.title != row.title])


if __name__ == "__main__":
    main()
