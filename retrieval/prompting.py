"""The prompts: their texts come from files, and are checked before anything is asked.

What is put into them is data.  A passage becomes one line that begins with ``|``, so its words
can neither end it nor begin another one; a mark like ``[3]`` in it becomes ``(3)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from langchain_core.messages import BaseMessage
from langchain_core.prompts import HumanMessagePromptTemplate, SystemMessagePromptTemplate

from retrieval.errors import ConfigError
from retrieval.types import Hit, fold_space
from retrieval.wording import counted, dated

_DIVIDER = re.compile(r"^---\n", re.MULTILINE)
_MARK = re.compile(r"[\[【［]([^\[\]【】［］]*)[\]】］]")


class Prompt:
    """A prompt of some parts: the instruction, the request, and one that may follow.

    Args:
        name: of its file, for messages.
        text: the parts, divided by lines of ``---``.
        variables: the names that each part has to have, and may have, in braces.

    Raises:
        ConfigError: if there are more or fewer parts, or a part has other variables.
    """

    def __init__(self, name: str, text: str, variables: Sequence[frozenset[str]]) -> None:
        parts = [part.strip() for part in _DIVIDER.split(text)]
        if len(parts) != len(variables):
            raise ConfigError(
                f"prompts/{name} has {counted(len(parts), 'part')}, divided by lines of ---, and "
                f"should have {len(variables)}; put it back as it was."
            )
        roles = [SystemMessagePromptTemplate] + [HumanMessagePromptTemplate] * (len(parts) - 1)
        try:
            self._parts = [
                role.from_template(part) for role, part in zip(roles, parts, strict=True)
            ]
            for part in self._parts:
                part.format(**dict.fromkeys(part.input_variables, ""))
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            raise ConfigError(
                f"prompts/{name} cannot be read ({error}); mend its braces."
            ) from error
        for part, wants in zip(self._parts, variables, strict=True):
            for which in sorted(wants.symmetric_difference(part.input_variables)):
                fault = "misses the" if which in wants else "has the unknown"
                raise ConfigError(f"prompts/{name} {fault} variable {{{which}}}; mend it.")

    def messages(self, values: Mapping[str, object]) -> list[BaseMessage]:
        """Return the instruction and the first request."""
        return [part.format(**values) for part in self._parts[:2]]

    def later(self, values: Mapping[str, object]) -> BaseMessage:
        """Return the request that may follow."""
        return self._parts[2].format(**values)


def fenced(hits: Sequence[Hit]) -> str:
    """Return passages as they are put into a prompt, numbered from 1."""
    return "\n\n".join(_passage(number, hit) for number, hit in enumerate(hits, start=1))


def line(text: str) -> str:
    """Return a text that cannot leave its line, nor be taken for one with a mark."""
    return fold_space(_MARK.sub(r"(\1)", text))


def _passage(number: int, hit: Hit) -> str:
    article = hit.passage.article
    day = f", {dated(article.published)}" if article.published else ""
    return f"[{number}] from “{line(article.title)}”{day}:\n| {line(hit.passage.text)}"
