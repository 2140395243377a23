"""The chat model that is set, with the prompts, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from retrieval.chat import ANSWER, ChatAnswerer
from retrieval.chat_models import ChatSettings, load_chat_model
from retrieval.prompting import Prompt
from retrieval.rewriting import REWRITE, Rewriter

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.settings import Settings
    from retrieval.reader import Answerer
    from retrieval.subjects import Encode

_REWRITING_SECONDS = 20.0


@dataclass(frozen=True)
class Chat:
    """A chat model and its prompts; ``seconds`` is the longest that an answer may take."""

    model: BaseChatModel
    answer: Prompt
    rewrite: Prompt
    seconds: float

    def answerer(self, offline: Answerer, encode: Encode) -> ChatAnswerer:
        """Return what answers with the model, and offline where that gives nothing."""
        return ChatAnswerer(self.model, self.answer, offline, encode, self.seconds)

    @property
    def stand_alone(self) -> Rewriter:
        """What makes follow-up questions stand alone."""
        return Rewriter(self.model, self.rewrite, min(self.seconds, _REWRITING_SECONDS))


def load_chat(settings: Settings, model: str) -> Chat:
    """Return a chat model by name, with the other settings; nothing is sent yet.

    Raises:
        ConfigError: if it cannot be used as it is set, or a prompt is not what it should be.
    """
    key = settings.chat_api_key
    chat_settings = ChatSettings(
        model=model,
        base_url=str(settings.chat_base_url) if settings.chat_base_url else None,
        api_key=key.get_secret_value() if key else None,
        seconds=settings.chat_seconds,
        tokens=settings.max_tokens,
        temperature=settings.temperature,
    )
    answer, rewrite = read_prompts()
    return Chat(load_chat_model(chat_settings), answer, rewrite, settings.chat_seconds)


def read_prompts() -> tuple[Prompt, Prompt]:
    """Return the prompts for answers and for follow-up questions.

    Raises:
        ConfigError: if one is not what it should be.
    """
    wanted = {"answer.md": ANSWER, "rewrite.md": REWRITE}
    answer, rewrite = (
        Prompt(name, files("prompts").joinpath(name).read_text("utf-8"), variables)
        for name, variables in wanted.items()
    )
    return answer, rewrite
