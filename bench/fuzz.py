"""Feeds every parser with what nobody would write, and prints what it could not take.

    python -m bench.fuzz [TARGET ...] [--minutes 0.5] [--seed 1]

A parser may refuse an input in a sentence of its own; anything else that it raises, and more than
five seconds of processor time for one input, is a fault.  Exit code 1 if there was one.  To fuzz
another parser, add a line to TARGETS.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath

import docx
import fpdf
import odfdo
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.checks import questions
from bot.discord.views import DYNAMIC_ITEMS
from retrieval import articles, backup, feeds, passages, reply, sentences
from retrieval.archives import Archives
from retrieval.errors import FootnoteError
from retrieval.responses import Page
from retrieval.types import Article

SLOW = 5.0
"""Seconds of processor time that no input may take."""

_EXAMPLES = 200
_SPECIAL = ("\x00", "\ufeff", "\u2028", "\r", "\x1b[1m", "é", "e\u0301", "👩‍🚀", "٣", "9" * 5_000,
            "\U0001d7d8", "x" * 3_000, "\ud7ff", "\u202e", " " * 500, "\n" * 50)  # fmt: skip
_YAML = ("---\n", "title: ", "url: ", "published: ", "2024-01-01", "2024-99-99", "- ", "? ", ": ",
         "&a ", "*a", "!!python/object:os.system ", "!!int ", "!!timestamp ", "<<: ", "{", "}",
         "[", "]", "'", '"', "|\n", ">\n", "#", "%YAML 1.1\n", "...\n", "0x", "1e999", ".inf",
         "=", "~", "question: ", "answer: ", "source: ", "quote: ", "/(a+)+$/", "unanswerable: ",
         "xfail: ", "true", "\n  ", "\n", "\t")  # fmt: skip
_HTML = ("<html>", "<body>", "<p>", "</p>", "<div>", "</div>", "<article>", "<h1>", "<title>",
         "<!--", "-->", "<![CDATA[", "]]>", "<script>", "</script>", "<meta charset='", "utf-7",
         "<meta property='article:published_time' content='", "2024-01-01T", "'>", "&amp", "&#0;",
         "&#x110000;", "&#xD800;", "<table>", "<tr>", "<td>", "<base href='", "<svg>", "<template>",
         "It rained for three days in the valley. ", "<?xml version='1.0' encoding='x'?>",
         "<a href=",
         "<br/>", "<!DOCTYPE", "<" * 50, "<b>" * 50)  # fmt: skip
_MARKDOWN = ("# ", "* ", "> ", "```", "~~~", "|", "---", "[a](b)", "![", "](", "<b>", "\\", "_",
             "**", "1. ", "    ", "\n\n", "[a]: <", "<br>", "|-|\n")  # fmt: skip
_REPLY = ("They left.", " [1]", "[2, 3]", "[1-12]", "[1–99999]", "【4】", "(^[5])", "[passage 6]",
          "[", "]", "<think>", "</think>", "**", "- ", "\n", "The sources do not say.", "U.S. ",
          "p.m. ", "!", "?", "…", "“", "[" + "7" * 5_000 + "]",
          "[1-" + "8" * 5_000 + "]")  # fmt: skip
_FEED = ("<channel>", "</channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>",
         "https://example.org/a", "<pubDate>", "Mon, 99 Foo 2024", "</pubDate>", "<![CDATA[", "]]>",
         "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "&amp;", "<content:encoded>", "<urlset>", "<url>",
         "<loc>", "</loc>", "<entry>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "</rss>",
         "<?xml version='1.0' encoding='x'?>", "It rained for three days. ")  # fmt: skip
_IDS = ("footnote:", "cite:", "vote:", "sources:", "0123456789abcdef", ":", "good", "bad", "1", "٣",
        "99999", "-1", "\n", "x")  # fmt: skip


def _texts(*words: str) -> st.SearchStrategy[str]:
    """Return texts put together from the words of a format, and from whatever else there is."""
    some = st.sampled_from(words)
    piece = st.one_of(some, some, some, st.sampled_from(_SPECIAL), st.text(max_size=20))
    return st.lists(piece, max_size=60).map("".join)


def _bytes(*words: str) -> st.SearchStrategy[bytes]:
    """Return such texts in some encoding, or with some bytes changed."""
    encoded = st.builds(
        lambda text, name: text.encode(name, "ignore"),
        _texts(*words),
        st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-7")),
    )
    return st.one_of(encoded, encoded, _changed(encoded), st.binary(max_size=300))


def _changed(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    def change(data: bytes, changes: list[tuple[float, int]]) -> bytes:
        changed = bytearray(data)
        for share, value in changes:
            if changed:
                changed[int(share * len(changed))] = value
        return bytes(changed)

    place = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255))
    return st.builds(change, whole, st.lists(place, min_size=1, max_size=8))


def _article(name: str) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        articles.parse(data, PurePath(name), name)

    return parse


def _questions(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.questions.yaml"
        path.write_bytes(data)
        questions.load(path)


def _ids(text: str) -> None:
    """Numbers out of an id are used as they are; a match must be one that we made."""
    for item in DYNAMIC_ITEMS:
        if match := item.__discord_ui_compiled_template__.fullmatch(text):
            for name, value in match.groupdict().items():
                if name in {"number", "page"}:
                    int(value)


def _reply(text: str) -> None:
    reply.split(text)
    reply.whole(text)


def _cut(text: str) -> None:
    stored = articles.normalise(text)
    sentences.split(stored)
    passages.split(Article("a", "A", stored), _pieces, 128)


def _pieces(text: str) -> list[tuple[int, int]]:
    return [(place, place + 1) for place, letter in enumerate(text) if not letter.isspace()]


def _archive() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("library.db", b"SQLite format 3\0" + bytes(500))
        member = '{"name": "library.db", "size": 516, "sha256": "0"}'
        manifest = f'{{"format": "{backup.FORMAT}", "made": {{}}, "members": [{member}]}}'
        archive.writestr("manifest.json", manifest)
    return packed.getvalue()


def _unpack(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.zip"
        path.write_bytes(data)
        backup.unpack(path, Path(folder) / "out")


def _feed(data: bytes) -> None:
    feeds.read(Page("https://example.org/feed", data, PurePosixPath("feed.xml")))


def _zipped() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.md", "b/c.txt"):
            archive.writestr(name, "It rained for three days in the valley. " * 9)
    return packed.getvalue()


def _archived(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, Archives() as archives:
        path = Path(folder) / "a.zip"
        path.write_bytes(data)
        for name in archives.contents(path).members:
            archives.load(path, name)


def _pdf() -> bytes:
    made = fpdf.FPDF()
    made.add_page()
    made.set_font("Helvetica", size=12)
    made.multi_cell(100, 6, "It rained for three days in the valley. " * 9)
    return bytes(made.output())


def _odt() -> bytes:
    document = odfdo.Document("text")
    document.body.append(odfdo.Paragraph("It rained for three days in the valley."))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _docx() -> bytes:
    document, file = docx.Document(), BytesIO()
    document.add_paragraph("It rained for three days in the valley.")
    document.save(file)
    return file.getvalue()


@dataclass(frozen=True)
class Target:
    """A parser, and the inputs that are put before it.

    ``is_slow``: each takes a process of its own, which a test does not wait for often.
    """

    inputs: st.SearchStrategy[object]
    parse: Callable[..., None]
    is_slow: bool = False


TARGETS: Mapping[str, Target] = {
    "front-matter": Target(
        _bytes(*_YAML).map(lambda data: b"---\n" + data + b"\n---\nText."), _article("a.md")
    ),
    "markdown": Target(_bytes(*_MARKDOWN), _article("a.md")),
    "text": Target(_bytes("It rained. ", "\n"), _article("a.txt")),
    "html": Target(_bytes(*_HTML), _article("a.html")),
    "questions": Target(_bytes(*_YAML), _questions),
    "custom-ids": Target(_texts(*_IDS), _ids),
    "replies": Target(_texts(*_REPLY), _reply),
    "passages": Target(_texts("It rained. ", "U.S. ", "x" * 400, "。"), _cut),
    "feeds": Target(_bytes(*_FEED).map(lambda data: b"<rss>" + data), _feed),
    "archives": Target(_changed(st.just(_zipped())), _archived),
    "pdf": Target(_changed(st.just(_pdf())), _article("a.pdf"), is_slow=True),
    "docx": Target(_changed(st.just(_docx())), _article("a.docx"), is_slow=True),
    "odt": Target(_changed(st.just(_odt())), _article("a.odt"), is_slow=True),
    "backups": Target(_changed(st.just(_archive())), _unpack),
}


def fault(target: Target, data: object) -> str | None:
    """Return what a parser did with an input that it should not, or None."""
    started = time.process_time()
    try:
        target.parse(data)
    except FootnoteError:
        pass
    except (Exception, RecursionError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    taken = time.process_time() - started
    return f"{taken:.1f} s" if taken > SLOW else None


def fuzz(name: str, minutes: float, first_seed: int) -> tuple[int, list[str]]:
    """Try a target for some time; return how many inputs it had, and its faults with the input."""
    target, tried, faults = TARGETS[name], 0, set()
    until = time.monotonic() + 60 * minutes
    turn = first_seed
    while time.monotonic() < until:

        @seed(turn)
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.inputs)
        def attempt(data: object) -> None:
            nonlocal tried
            tried += 1
            if said := fault(target, data):
                faults.add(f"{said} from {repr(data)[:2_000]}")

        attempt()
        turn += 1
    return tried, sorted(faults, key=len)


def main() -> None:
    """Print a line a target, and its faults."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=0.5, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {min(unknown)!r}; there are {', '.join(TARGETS)}")
    is_faulty = False
    for name in options.targets or TARGETS:
        tried, faults = fuzz(name, options.minutes, options.seed)
        print(f"{name:<14}{tried:>8} inputs, {len(faults)} faults", flush=True)
        for one in faults[:5]:
            print(f"  {one}")
        is_faulty |= bool(faults)
    sys.exit(is_faulty)


if __name__ == "__main__":
    main()
