"""What was said before, and how a follow-up question is made to stand alone.

"how many were arrested?" and then "and killed?" means "how many were killed?", of the
article that the first answer came from.  No model is asked: what a question leaves out
is taken over from the one before, by its form.  ``bench/followups.py`` measures it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval import terms
from retrieval.expressions import MONTH, WEEKDAY, YEAR
from retrieval.question import MAX_QUESTION, Query, check
from retrieval.types import Answer

REMEMBERED = 10
"""How many turns are kept."""

SAYS_ENOUGH = 3
"""So many different content words make a question without a name stand alone."""

_ANAPHOR = re.compile(
    r"\b(?:he|him|his|himself|she|hers?|herself|it|its|itself|they|them|theirs?|themselves|this|"
    r"these|those|else|others?|another|the same|such|former|latter|"
    r"(?<!is )(?<!are )(?<!was )(?<!were )there|"
    r"(?:did|does|do|is|was|of|about|after|before|for|like|with|by|to|from|than) that)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)\b[^\W\d_a-zß-öø-ÿ][\w'’-]*(?: [^\W\d_a-zß-öø-ÿ][\w'’-]*)*")
_OPENING = re.compile(
    r"^(?:(?:and|or|but|so|then)\b[, ]*)?(?:(?:what|how) about\b)?\s*", re.IGNORECASE
)
_PREPOSITION = r"(?:in|on|at|by|for|from|to|with|of|before|after|during|since)"
_BEGINS_A_QUESTION = re.compile(
    rf"^(?:(?:{_PREPOSITION}|until|about|under) )?(?:who(?:m|se)?|what|which|when|where|why|how)\b|"
    r"^(?:is|are|was|were|am|did|do|does|has|have|had|can|could|will|would|should|may|might|must)"
    r"(?:n['’]t)?\b",
    re.IGNORECASE,
)
_WHICH_WAY = re.compile(
    r"^(?:when|where|why|how(?: (?:many|much|long|often|far|soon|old))?)(?: exactly| not)?$",
    re.IGNORECASE,
)
_PLACED = re.compile(rf"^{_PREPOSITION}\b", re.IGNORECASE)
_LAST_PART = re.compile(rf"(?<=\w ){_PREPOSITION} (.+)$", re.IGNORECASE)
_TIME = re.compile(rf"\b(?:{WEEKDAY}|{MONTH}|{YEAR}|today|yesterday|(?:last|this|next) \w+)\b")
_DETERMINER = re.compile(r"^(?:the|those|these|a|an|any|some) ", re.IGNORECASE)
_STATE = r"(?:\w+ed|hurt|dead|missing|shot|held|found|lost|left|born|seen|taken|given|sent)"
_IS_STATE = re.compile(rf"^{_STATE}$", re.IGNORECASE)
_AFTER_BE = re.compile(rf"\b(?:is|are|was|were|be|been|get|got) ({_STATE})\b", re.IGNORECASE)
_NOT_COUNTED = r"(?:is|are|was|were|did|do|does|has|have|had|can|will|would)\b"
_COUNTED = re.compile(rf"\bhow (?:many|much)\b((?: (?!{_NOT_COUNTED})[\w-]+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """A question as it was understood, and the title of the article that it is about, if known."""

    question: str
    topic: str | None


@dataclass(frozen=True)
class Conversation:
    """The last turns between a person and Footnote, oldest first."""

    turns: tuple[Turn, ...] = ()

    def stand_alone(self, question: str) -> Query:
        """Return a question with what it leaves out; one that stands alone comes back as it is.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        asked = check(question)
        if not self.turns:
            return Query(asked)
        last = self.turns[-1]
        whole, focus = complete(asked, last.question)
        if stands_alone(whole):
            return Query(whole, focus=focus)
        return Query(whole, last.topic, focus)

    def after(self, query: Query, answer: Answer) -> Conversation:
        """Return the conversation with one more turn.

        What is asked next is about the article that answered; where none did, about
        what the question was about.
        """
        topic = answer.citations[0].article.title if answer.citations else query.topic
        return Conversation((*self.turns, Turn(query.question, topic))[-REMEMBERED:])


def stands_alone(question: str) -> bool:
    """Tell whether a question says by itself what it is about.

    It does if it names something, or says enough, and no pronoun points out of it.
    """
    name, anaphor = _NAME.search(question), _ANAPHOR.search(question)
    if anaphor and not (name and name.start() < anaphor.start()):
        return False
    return name is not None or len(terms.stems(question)) >= SAYS_ENOUGH


def complete(question: str, earlier: str) -> tuple[str, frozenset[str]]:
    """Return a question with what it takes from an earlier one, and the stems that it adds.

    ``"and killed?"`` after ``"how many were arrested?"`` is ``"how many were killed?"``, and
    adds ``kill``.  What is a whole question, words to search for, or no question at all
    comes back as it is, and adds nothing.
    """
    rest = _OPENING.sub("", question, count=1)
    fragment = rest.rstrip(" ?!.")
    before = earlier.rpartition(": ")[2].rstrip(" ?!.")
    whole, added = None, frozenset[str]()
    if not _BEGINS_A_QUESTION.match(before):
        pass  # small talk, or words to search for: there is nothing to take over
    elif _WHICH_WAY.match(fragment):
        whole = f"{fragment}: {before}"
    elif _is_a_piece(fragment):
        whole = _replaced(fragment, before, is_opened=rest != question)
        added = frozenset(terms.stems(fragment))
    if whole is None or len(whole) >= MAX_QUESTION:
        return question, frozenset()
    return f"{whole}?", added


def _is_a_piece(fragment: str) -> bool:
    """Tell whether words say something, and are no question of their own."""
    says = any(word.group().lower() not in terms.STOP_WORDS for word in terms.words(fragment))
    return says and not (_BEGINS_A_QUESTION.match(fragment) or _ANAPHOR.search(fragment))


def _replaced(fragment: str, earlier: str, *, is_opened: bool) -> str | None:
    """Return an earlier question with a fragment in the place of its like.

    Args:
        fragment: what was said, without an "and".
        earlier: the question before it.
        is_opened: whether there was an "and"; without one, a word or two may be anything.
    """
    bare = _DETERMINER.sub("", fragment)
    if _PLACED.match(fragment):
        return _put(fragment, _like(fragment, earlier), 0) or f"{earlier} {fragment}"
    if _IS_STATE.match(bare):
        return _put(bare, _AFTER_BE.search(earlier), 1)
    if not is_opened:
        return None
    names = list(_NAME.finditer(earlier))
    counted = _COUNTED.search(earlier)
    is_name = all(word[:1].isupper() for word in bare.split())
    if counted and not is_name and len(bare.split()) == 1:
        return _put(f" {bare}", counted, 1)
    if names and (is_name or names[-1].end() == len(earlier)):
        return _put(fragment, names[-1], 0)
    return _put(fragment, _LAST_PART.search(earlier), 1) or f"{fragment}: {earlier}"


def _like(phrase: str, earlier: str) -> re.Match[str] | None:
    """Return the last part of a question that tells the same as ``"in Almaty"``: where, or when."""
    first = phrase.split(maxsplit=1)[0].lower()
    kinds = "in|on|at" if first in {"in", "on", "at"} else first
    found = re.search(rf"(?<=\w )(?:{kinds})\b(?:(?! (?:{kinds})\b).)*$", earlier, re.IGNORECASE)
    is_same = found and bool(_TIME.search(found.group())) == bool(_TIME.search(phrase))
    return found if is_same else None


def _put(words: str, place: re.Match[str] | None, group: int) -> str | None:
    """Return the text that was searched with words in the place of a group of the match."""
    if place is None:
        return None
    return place.string[: place.start(group)] + words + place.string[place.end(group) :]
