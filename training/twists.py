"""Questions and passages are twisted until the one no longer answers the other.

Few unanswerable questions were ever written by hand.  These resemble them: another
year, another name, the opposite, or the sentence with the answer taken out.
"""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Sequence

from retrieval import sentences

SHORTEST_REST = 20
"""Fewest words of a passage that is left when its answer is taken out."""

_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.]*\d|(?<![\w.,-])\d(?![\w])")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]+(?: (?:(?:of|the|de|von|van) )?[A-Z][\w'’-]+)*")
_CALENDAR = frozenset(calendar.month_name[1:]) | frozenset(calendar.day_name)
_LEADING = re.compile(r"^(?:The|A|An|In|On|At|It|He|She|They|This|That|When|While|After|As) ")
_OPPOSITES = (
    ("first", "last"), ("largest", "smallest"), ("biggest", "smallest"), ("highest", "lowest"),
    ("most", "least"), ("more", "fewer"), ("before", "after"), ("oldest", "youngest"),
    ("older", "younger"), ("north", "south"), ("northern", "southern"), ("east", "west"),
    ("eastern", "western"), ("increase", "decrease"), ("increased", "decreased"),
    ("began", "ended"), ("begin", "end"), ("start", "finish"), ("started", "ended"),
    ("win", "lose"), ("won", "lost"), ("male", "female"), ("men", "women"),
    ("majority", "minority"), ("maximum", "minimum"), ("early", "late"), ("earliest", "latest"),
    ("inside", "outside"), ("above", "below"), ("allowed", "forbidden"), ("open", "closed"),
    ("opened", "closed"), ("support", "oppose"), ("supported", "opposed"), ("rise", "fall"),
    ("rose", "fell"), ("buy", "sell"), ("bought", "sold"), ("like", "dislike"), ("good", "bad"),
    ("best", "worst"), ("new", "old"), ("public", "private"), ("legal", "illegal"),
    ("common", "rare"), ("strong", "weak"), ("modern", "ancient"), ("rich", "poor"),
    ("faster", "slower"), ("longest", "shortest"), ("long", "short"), ("former", "current"),
    ("arrived", "left"), ("joined", "left"), ("attack", "defend"), ("include", "exclude"),
    ("agree", "disagree"), ("accepted", "rejected"), ("killed", "saved"), ("always", "never"),
)  # fmt: skip
_OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair, pair[::-1])}
_DENIED = {"can": "can't", "will": "won't"}
_VERB = re.compile(r"\b(did|does|do|was|were|is|are|has|have|had|can|could|will|would)\b (?!not\b)")


def twist(question: str, around: str, draw: random.Random) -> str | None:
    """Return a question that ``around``, where the question was answered, does not answer.

    None if there is nothing in it to twist.
    """
    ways = [_another_number, _another_name, _another_name, _opposite]
    draw.shuffle(ways)
    ways.append(_denied)
    for way in ways:
        twisted = way(question, around, draw)
        if twisted and twisted != question:
            return twisted
    return None


def without(text: str, answers: Sequence[Sequence[int]]) -> str | None:
    """Return a passage less the sentences that touch an answer; None if too little is left."""
    kept = [
        text[start:end]
        for start, end in sentences.split(text)
        if not any(start < last and first < end for first, last in answers)
    ]
    words = {text[start:end].casefold() for start, end in answers}
    rest = " ".join(kept)
    is_enough = len(rest.split()) >= SHORTEST_REST
    return rest if is_enough and not any(word in rest.casefold() for word in words) else None


def _another_number(question: str, around: str, draw: random.Random) -> str | None:
    mine = list(_NUMBER.finditer(question))
    if not mine:
        return None
    match = draw.choice(mine)
    own = match.group()
    found = (match.group() for match in _NUMBER.finditer(around))
    others = [n for n in found if n not in question and len(n) == len(own)]
    if own.isdigit():
        value = int(own)
        step = draw.choice([1, 2, 3, 5, 10, 20])
        others.append(str(max(2, value + draw.choice([-step, step]))))
    if not others:
        return None
    return question[: match.start()] + draw.choice(others) + question[match.end() :]


def _another_name(question: str, around: str, draw: random.Random) -> str | None:
    mine = [m for m in _NAME.finditer(question) if not _CALENDAR & set(m.group().split())]
    if not mine:
        return None
    match = draw.choice(mine)
    parts = set(match.group().split())
    others = [
        name
        for found in _NAME.findall(around)
        if (name := _LEADING.sub("", found)) not in question
        and not (parts | _CALENDAR) & set(name.split())
    ]
    if not others:
        return None
    return question[: match.start()] + draw.choice(others) + question[match.end() :]


def _opposite(question: str, _: str, draw: random.Random) -> str | None:
    words = question.split()
    places = [n for n, word in enumerate(words) if word.strip("?,.").lower() in _OPPOSITE]
    if not places:
        return None
    place = draw.choice(places)
    bare = words[place].strip("?,.")
    words[place] = words[place].replace(bare, _OPPOSITE[bare.lower()])
    return " ".join(words)


def _denied(question: str, _: str, draw: random.Random) -> str | None:
    match = _VERB.search(question)
    if not match or match.start() == 0:
        return None
    verb = match.group(1)
    denied = _DENIED.get(verb, f"{verb}n't") if draw.random() < 0.8 else f"{verb} never"
    return question[: match.start()] + denied + question[match.end() :]
