"""Whether quotes carry a statement: the gate between what is phrased and what is said.

A statement may reword its quotes.  It may not have a number, a name or a denial that
they do not have, nor be surer than they are, nor add a clause that is not in them.
The checks compare words and, for the last, meanings; they cannot reason, so they
would rather drop a true statement than let a false one pass.  ``bench/gate.py``
measures both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from retrieval import terms
from retrieval.amounts import Amount, Hedge, amounts
from retrieval.subjects import Encode
from retrieval.types import fold_space

COVERED = 0.5
"""The share of a clause's content words that the quotes have, from which it is theirs."""

CLOSE = 0.55
"""The cosine of a clause and the nearest clause of the quotes, from which it means the same."""

ALIKE = 0.5
"""The share of common words from which two clauses are taken to tell the same."""

_VAGUE = re.compile(r"\b(?:dozens|hundreds|thousands|millions|billions|half)\b", re.I)
_COUNTED = {"single": 1.0, "once": 1.0, "twice": 2.0, "both": 2.0, "second": 2.0, "couple": 2.0}
_COUNTING = re.compile(rf"\b(?:{'|'.join(_COUNTED)})\b", re.I)
_NAME = re.compile(r"\b[^\W\d_a-zß-öø-ÿ](?:[\w.]*\w)?")
_OPENING = re.compile(r"(?:^|[.!?:]\s|[“\"])\W*(\w+)")
_ORDINARY = re.compile(
    r"\w{3,}(?:ers|ors|ists|ials|ents|ants|ing|ed|ly|ions?|ments?|ities|people)$"
)
_OPENERS = frozenset(
    """
    across aged almost along although among amid another around back behind beside besides beyond
    both despite during each earlier either even every few further given hardly here hundreds inside
    instead last late later least like many meanwhile most nearly neither never next nobody none
    nothing nowadays often others outside overall people perhaps prior roughly several shortly since
    soon still strong thanks though throughout thus today together tomorrow toward two unlike unless
    upon usually via whereas whether within without women men winds work yesterday yet
    """.split()  # noqa: SIM905 - a list of a hundred literals is harder to read
)
_NO_DENIAL = re.compile(
    r"\bno (?:more|less|fewer|longer than)\b|\bnot (?:only|less than|more than)\b|\bno\.\s?\d", re.I
)
_DENIAL = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|neither|without|cannot|no one|den(?:y|ies|ied)|"
    r"declined|"
    r"fail(?:ed|s|ing|ure)?|unable|lack(?:ed|s|ing)?|refus(?:ed|es|ing|al)|barred|yet to|hardly|"
    r"barely|scarcely|un(?:successful|successfully|known|clear|harmed|hurt|beaten|touched|changed))"
    r"\b|n[’']t\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:may|might|could|(?i:possibly|perhaps|probably|likely|unlikely|alleged(?:ly)?|reportedly|"
    r"alleges?|claim(?:s|ed)?|accused|suspected|believed|thought|feared|expect(?:ed|s)?|"
    r"anticipate[sd]?|predict(?:ed|s)?|appear(?:s|ed)?|seem(?:s|ed)?|apparently|unconfirmed|"
    r"preliminary|provisional|forecast))\b"
)
_CLAUSE = re.compile(
    r"[,;:](?=\s)\s*|[–—()“”\"]+\s*|\s+(?=(?:and|but|while|although|though|because|after|before|which|who|whose|"
    r"where|when|as|so that)\s)"
)


def gaps(text: str, quotes: Sequence[str], encode: Encode | None = None) -> list[str]:
    """Return what a statement says that its quotes do not; nothing if they carry it.

    Each gap is the number, name, word or clause that is missing; a denial or a doubt
    is also one where only the quotes have it.

    Args:
        text: the statement.
        quotes: the words that it stands on.
        encode: compares meanings; without it, a clause has to share words with the quotes.
    """
    found = [*uncarried(text, quotes), *_unsaid_clauses(fold_space(text), quotes, encode)]
    return list(dict.fromkeys(found))


def uncarried(text: str, quotes: Sequence[str]) -> list[str]:
    """Return what can be told from words alone: the numbers, names, denials and doubts."""
    said, quoted = fold_space(text), fold_space(" ; ".join(quotes))
    found = [*unsaid_amounts(said, quoted), *unsaid_names(said, quoted)]
    used = " , ".join(_used_clauses(said, quoted))
    found += _difference(said, used or quoted)
    for left, right in _alike(said, quoted):
        found += _difference(left, right) or _cancelled(left, right)
    return list(dict.fromkeys(found))


def unsaid_amounts(text: str, quotes: str) -> list[str]:
    """Return the numbers of a text, each with its hedge, that its quotes do not give so."""
    given = amounts(quotes)
    counted = (match.group() for match in _COUNTING.finditer(quotes))
    given += [Amount(Hedge.EXACTLY, _COUNTED[word.lower()], word) for word in counted]
    vague = {match.group().lower() for match in _VAGUE.finditer(quotes)}
    return [one.words for one in amounts(text) if not any(map(one.is_given_by, given))] + [
        match.group() for match in _VAGUE.finditer(text) if match.group().lower() not in vague
    ]


def unsaid_names(text: str, quotes: str) -> list[str]:
    """Return the capitalised words of a text that its quotes do not have.

    The first word of a sentence is capital by rule: there, one that says nothing by
    itself, or that has the form of a common word, will do.
    """
    openings = {match.start(1) for match in _OPENING.finditer(text)}
    words = {_bare(word) for word in re.findall(r"\w(?:[\w.]*\w)?", quotes)}
    return [
        match.group()
        for match in _NAME.finditer(text)
        if _bare(match.group()) not in words
        and not (match.start() in openings and _is_ordinary(match.group().lower()))
    ]


def _is_ordinary(word: str) -> bool:
    """Tell whether a word that begins a sentence is hardly a name."""
    is_small = word in terms.STOP_WORDS | _OPENERS or bool(amounts(word))
    return is_small or bool(_ORDINARY.match(word))


def _bare(word: str) -> str:
    """Return a word as it is compared: ``"U.N."`` and ``"UN"`` are one."""
    return word.replace(".", "").casefold()


def _difference(said: str, quoted: str) -> list[str]:
    """Return the denial that only one of two texts has, and the doubt that only the quote has."""
    left, right = (_DENIAL.search(_NO_DENIAL.sub(" ", text)) for text in (said, quoted))
    found = [one.group() for one in (left, right) if one and not (left and right)]
    doubt = _UNSURE.search(quoted)
    return [*found, doubt.group()] if doubt and not _UNSURE.search(said) else found


def _cancelled(said: str, quoted: str) -> list[str]:
    """Return the denials of a clause that has an even number of them where the quote's has not.

    ``"They did not fail"`` has two, and ``"they failed"`` one.
    """
    left, right = (_DENIAL.findall(_NO_DENIAL.sub(" ", text)) for text in (said, quoted))
    return left if len(left) % 2 != len(right) % 2 else []


def _alike(text: str, quotes: str) -> Iterator[tuple[str, str]]:
    """Yield each clause of a text with the one of the quotes that has most of its words."""
    theirs = [(clause, _content(clause)) for clause in clauses(quotes)]
    for clause in clauses(text):
        content = _content(clause)
        near, share = max(
            ((other, len(content & words) / len(content | words)) for other, words in theirs),
            key=lambda pair: pair[1],
            default=("", 0.0),
        )
        if share >= ALIKE:
            yield clause, near


def clauses(text: str) -> list[str]:
    """Return the clauses of a sentence that say something, cut at commas and conjunctions."""
    found: list[str] = []
    empty = ""  # what says nothing by itself, as "it was not he", belongs to what follows
    for part in _CLAUSE.split(text):
        if _content(part):
            found.append(f"{empty} {part}".strip())
            empty = ""
        else:
            empty = f"{empty} {part}".strip()
    if found and empty:
        found[-1] = f"{found[-1]} {empty}"
    return found


def _content(text: str) -> set[str]:
    """Return the stems of the content words of a text; none if it has only others."""
    words = [match.group() for match in terms.words(text)]
    return {terms.stem(word) for word in words if word.lower() not in terms.STOP_WORDS}


def _used_clauses(text: str, quotes: str) -> Iterator[str]:
    """Yield the clauses of the quotes of which a text says something."""
    said = _content(text)
    for clause in clauses(quotes):
        content = _content(clause)
        if len(content & said) * 2 >= min(len(content), 4):
            yield clause


def _unsaid_clauses(text: str, quotes: Sequence[str], encode: Encode | None) -> Iterator[str]:
    """Yield the clauses of a text that the quotes neither have the words of nor mean."""
    whole = " ".join(quotes)
    have = _content(whole)
    strange = []
    for clause in clauses(text):
        content = _content(clause)
        if len(content & have) < COVERED * len(content):
            strange.append(clause)
    if encode is None or not strange:
        yield from strange
        return
    known = [fold_space(quote) for quote in quotes] + clauses(fold_space(whole))
    vectors = encode([*strange, *known])
    cosines = vectors[: len(strange)] @ vectors[len(strange) :].T
    for clause, row in zip(strange, cosines, strict=True):
        if float(row.max()) < CLOSE:
            yield clause
