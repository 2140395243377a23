"""What articles are made of: plain prose, and everything that a web page ever held."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from retrieval.articles import normalise
from retrieval.types import Article

PLAIN_WORDS = (
    "council", "river", "harvest", "bridge", "voted", "opened", "after", "seven", "the", "of", "a",
    "earthquake", "inspectors", "counted", "houses", "along", "and", "were", "late", "morning",
)  # fmt: skip
CAPITALISED = ("Morocco", "Lahaina", "Stubb", "Karikó", "Élise", "Ångström", "Łódź", "The", "It")
NUMBERS = ("3", "10,000", "7.8", "1.234,5", "62.4%", "$4.037", "2024", "−40", "3-2", "½")
ABBREVIATIONS = ("U.N.", "U.S.", "Dr.", "Mr.", "p.m.", "a.m.", "No. 1", "e.g.", "J. K.", "St.")
QUOTATIONS = ("“Go home,”", '"Now?"', "‘never’", "«Oui.»", "(It rained.)", "said:", "don’t")
EMOJI = ("😀", "👩‍🚀", "👨‍👩‍👧‍👦", "🇫🇷🇯🇵", "👍🏽", "❤️", "🏴󠁧󠁢󠁷󠁬󠁳󠁿")
COMBINING = ("e\u0301", "cafe\u0301", "a\u0323\u0307\u0301", "\u0301", "Z\u0351\u036b\u0343a\u0328")
RIGHT_TO_LEFT = ("مرحبا", "١٢٣", "شَعْبٌ", "שלום", "עוֹלָם", "\u202eabc\u202c", "\u200f(3)\u200e")
WITHOUT_SPACES = ("今天下雨。明天晴天。", "東京タワー", "ประเทศไทย", "대한민국", "각" * 33)
CONTROLS = (
    "\x00",
    "\x07",
    "\x08",
    "\x1b[1m",
    "\x1b]0;title\x07",
    "\x7f",
    "\x9b31m",
    "\ufeff",
    "\xad",
)
HOSTILE = (
    "@everyone",
    "<@1234>",
    "```",
    "[1]",
    "[x](http://e.org)",
    "<b>",
    "</a>",
    "# ",
    "| |",
    "---",
)
LONG_WORDS = ("x" * 300, "Donaudampfschifffahrtsgesellschaft" * 5, "https://e.org/" + "a/" * 100)
ENDS = (".", "!", "?", "…", "。", "؟", ":", ";", ".”", "?!", "...", "")
BLANKS = (" ", "  ", "\t", "\xa0", "\u2009", "\u3000", "\u200b")
LINE_BREAKS = (
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\r\n\r\n",
    " \n \n\n",
    "\u2028",
    "\u2029",
    "\x85",
    "\v",
    "\f",
)

ODD_PIECES = (
    CAPITALISED + NUMBERS + ABBREVIATIONS + QUOTATIONS + EMOJI + COMBINING + RIGHT_TO_LEFT
    + WITHOUT_SPACES + CONTROLS + HOSTILE + LONG_WORDS
)  # fmt: skip

ONE_WORD = "Earthquake"
ONE_SENTENCE = " ".join(f"{PLAIN_WORDS[n % 20]}{n % 97}" for n in range(5_000)).capitalize() + "."
ONE_GIANT_WORD = "abcdefghij" * 10_000
EXTREMES = {
    "one word": ONE_WORD,
    "one letter": "a",
    "one sentence of 5,000 words": ONE_SENTENCE,
    "one word of 100,000 letters": ONE_GIANT_WORD,
    "Chinese without a space": "今天下雨，明天晴天" * 1_000,
    "Korean without a space": "대한민국" * 1_000,
    "emoji without a space": "".join(EMOJI) * 300,
    "full stops": "." * 5_000,
    "accents on one letter": "e" + "\u0301" * 5_000,
    "right to left": " ".join(RIGHT_TO_LEFT) * 200,
}
"""Texts at the edge of what is an article, by name; each is in its stored form."""
EXTREMES = {name: normalise(text) for name, text in EXTREMES.items()}


def _wrap(words: list[str], width: int) -> str:
    """Break lines as a typist does, who starts a new one where the next word does not fit."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return "\n".join(lines)


plain_words = st.sampled_from(PLAIN_WORDS)
any_words = st.one_of(plain_words, st.sampled_from(ODD_PIECES), st.text(min_size=1, max_size=8))

plain_sentences = st.builds(
    lambda words, last: " ".join([*words, last]).capitalize() + ".",
    st.lists(plain_words, min_size=4, max_size=30),
    st.sampled_from(("council", "river", "harvest", "bridge")),
)
"""Sentences whose ends nobody disputes."""

prose = st.lists(st.lists(plain_sentences, min_size=1, max_size=12), min_size=1, max_size=4).map(
    lambda paragraphs: "\n\n".join(" ".join(sentences) for sentences in paragraphs)
)
"""Paragraphs of plain sentences, each paragraph on one line."""

hard_wrapped = st.builds(
    lambda sentences, width: _wrap(" ".join(sentences).split(), width),
    st.lists(plain_sentences, min_size=2, max_size=10),
    st.integers(60, 100),
)
"""One paragraph of plain sentences, its lines filled to a width as in an e-mail."""

_any_sentences = st.builds(
    lambda words, blank, end: blank.join(words) + end,
    st.lists(any_words, min_size=1, max_size=9),
    st.sampled_from(BLANKS[:2] * 4 + BLANKS),
    st.sampled_from(ENDS),
)
_separators = st.sampled_from((" ",) * 8 + LINE_BREAKS + BLANKS)
_mixtures = st.lists(st.tuples(_any_sentences, _separators), max_size=6).map(
    lambda parts: "".join(sentence + separator for sentence, separator in parts)
)

blank_texts = st.lists(st.sampled_from(BLANKS[:-1] + LINE_BREAKS), max_size=20).map("".join)
"""Nothing but white space."""

raw_texts = st.one_of(_mixtures, _mixtures, hard_wrapped, prose, st.text(max_size=80), blank_texts)
"""Texts as they arrive, before they are normalised; some hold no word at all."""

stored_texts = raw_texts.map(normalise)
"""Texts as they are stored; some are empty."""

titles = st.lists(any_words, min_size=1, max_size=12).map(
    lambda words: " ".join(normalise(" ".join(words)).split())[:200] or "Untitled"
)
dates = st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31))


def articles(texts: st.SearchStrategy[str] = stored_texts) -> st.SearchStrategy[Article]:
    """Articles of the given texts, with titles in every script."""
    return st.builds(
        Article,
        id=st.sampled_from(("a", "b/c.md", "é 😀.txt")),
        title=titles,
        text=texts,
        url=st.sampled_from((None, "https://example.org/a?b=c&d=(e)")),
        published=dates,
        path=st.none(),
    )
