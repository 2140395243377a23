"""What was said before, and how a follow-up question is made to stand alone.

"how many were arrested?" and then "and killed?" means "how many were killed?", of the
article that the first answer came from.  No model is asked: what a question leaves out
is taken over from the one before, by its form.  ``bench/followups.py`` measures it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval import terms
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
_WHOLE = re.compile(
    r"^(?:(?:in|on|at|by|for|from|to|with|of) )?(?:who(?:m|se)?|what|which|when|where|why|how)\b|"
    r"^(?:is|are|was|were|am|did|do|does|has|have|had|can|could|will|would|should|may|might|must)"
    r"(?:n['’]t)?\b",
    re.IGNORECASE,
)
_DETERMINER = re.compile(r"^(?:the|those|a|an|any|some) ", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"^(?:in|on|at|by|for|from|to|with|of|before|after|during|since)\b", re.IGNORECASE
)
_STATE = r"(?:\w+ed|hurt|dead|missing|shot|held|found|lost|left|born|seen|taken|given|sent)"
_IS_STATE = re.compile(rf"^{_STATE}$", re.IGNORECASE)
_AFTER_BE = re.compile(rf"\b(?:is|are|was|were|be|been|get|got) ({_STATE})\b", re.IGNORECASE)
_NOT_COUNTED = r"(?:is|are|was|were|did|do|does|has|have|had|can|will|would)\b"
_COUNTED = re.compile(rf"\bhow (?:many|much)\b((?: (?!{_NOT_COUNTED})[\w-]+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """A question as it was understood, and the title of the article that answered it, if any."""

    question: str
    title: str | None


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
        whole = complete(asked, self.turns[-1].question)
        if whole == asked and stands_alone(asked):
            return Query(asked)
        return Query(whole, next((turn.title for turn in self.turns[::-1] if turn.title), None))

    def after(self, answer: Answer) -> Conversation:
        """Return the conversation with one more turn."""
        title = answer.citations[0].article.title if answer.citations else None
        return Conversation((*self.turns, Turn(answer.question, title))[-REMEMBERED:])


def stands_alone(question: str) -> bool:
    """Tell whether a question says by itself what it is about.

    It does if it names something, or says enough, and no pronoun points out of it.
    """
    name, anaphor = _NAME.search(question), _ANAPHOR.search(question)
    if anaphor and not (name and name.start() < anaphor.start()):
        return False
    return name is not None or len(terms.stems(question)) >= SAYS_ENOUGH


def complete(question: str, earlier: str) -> str:
    """Return a question with what it takes from an earlier one.

    ``"and killed?"`` after ``"how many were arrested?"`` is ``"how many were killed?"``;
    what is a whole question, or words to search for, comes back as it is.
    """
    rest = _OPENING.sub("", question, count=1)
    fragment = rest.rstrip(" ?!.")
    says_nothing = all(word.group().lower() in terms.STOP_WORDS for word in terms.words(fragment))
    is_whole = _WHOLE.match(fragment) and not says_nothing
    is_search = rest == question and len(terms.stems(fragment)) > 1 and not says_nothing
    if not fragment or is_whole or is_search:
        return question
    before = earlier.rpartition(": ")[2].rstrip(" ?!.")
    replaced = None if says_nothing else _replaced(fragment, before)
    whole = (replaced or f"{fragment}: {before}") + "?"
    return whole if len(whole) <= MAX_QUESTION else question


def _replaced(fragment: str, earlier: str) -> str | None:
    """Return an earlier question with a fragment in the place of its like, if it has a like."""
    bare = _DETERMINER.sub("", fragment)
    preposition = _PREPOSITION.match(fragment)
    if preposition:
        like = re.search(rf"\b{preposition.group()} [\w ,'’-]+$", earlier, re.IGNORECASE)
        return f"{earlier[: like.start()] if like else earlier + ' '}{fragment}"
    if _IS_STATE.match(bare):
        return _put(bare, _AFTER_BE.search(earlier), 1)
    if bare[:1].isupper():
        names = list(_NAME.finditer(earlier))
        return _put(fragment, names[-1], 0) if names else None
    return _put(f" {bare}", _COUNTED.search(earlier), 1)


def _put(words: str, place: re.Match[str] | None, group: int) -> str | None:
    """Return the text that was searched with words in the place of a group of the match."""
    if place is None:
        return None
    return place.string[: place.start(group)] + words + place.string[place.end(group) :]
