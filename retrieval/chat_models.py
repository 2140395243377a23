"""Chat models by name, of any provider that LangChain knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

from retrieval.errors import ConfigError
from retrieval.types import fold_space

EXTRAS = ("anthropic", "ollama", "openai")
"""The providers that Footnote can be installed with."""

_NO_KEY = "none"
_KEY = re.compile(r"\bapi_?key\b|\bcredentials\b", re.IGNORECASE)


@dataclass(frozen=True)
class ChatSettings:
    """Which chat model is asked, and how.

    ``model`` is ``provider:name``; ``base_url`` another address than the provider's own;
    ``seconds`` the longest that a reply may take; ``tokens`` the most that it may have.
    """

    model: str
    base_url: str | None = None
    api_key: str | None = None
    seconds: float = 60.0
    tokens: int = 600
    temperature: float = 0.0


def load_chat_model(settings: ChatSettings) -> BaseChatModel:
    """Return a chat model; nothing is sent yet.

    It does not try again by itself: who asks it does, and knows how long there is left.

    Raises:
        ConfigError: if there is no such provider, its package is missing, or a key is.
    """
    provider, _, name = settings.model.partition(":")
    if not name or not provider:
        raise ConfigError(
            f"CHAT_MODEL is {settings.model!r}; write it as provider:model, like "
            "anthropic:claude-sonnet-4-5 or ollama:llama3.2."
        )
    try:
        model = _initialised(provider, name, settings)
    except ImportError as error:
        package = f"'footnote-bot[{provider}]'" if provider in EXTRAS else f"langchain-{provider}"
        raise ConfigError(
            f"CHAT_MODEL={settings.model} needs a package that is not installed; install it: "
            f"pip install {package}"
        ) from error
    except Exception as error:  # the providers have no error in common for a setting they refuse
        reason = fold_space(str(error))
        if _KEY.search(reason):
            raise _keyless(settings) from error
        raise ConfigError(
            f"CHAT_MODEL={settings.model} cannot be used ({reason[:200]}); set it to another one."
        ) from error
    # Anthropic's client finds out only when it is to send something.
    key = getattr(model, "anthropic_api_key", None)
    if key is not None and not key.get_secret_value() and not settings.base_url:
        raise _keyless(settings)
    return model


def _initialised(provider: str, name: str, settings: ChatSettings) -> BaseChatModel:
    options: dict[str, Any] = {"temperature": settings.temperature}
    if settings.base_url:
        options["base_url"] = settings.base_url
    if provider == "ollama":
        options |= {
            "num_predict": settings.tokens,
            "client_kwargs": {"timeout": settings.seconds},
        }
    else:
        options |= {
            "max_tokens": settings.tokens,
            "timeout": settings.seconds,
            "max_retries": 0,
        }
        if settings.api_key:
            options["api_key"] = settings.api_key
    if provider == "openai":
        options["stream_usage"] = True
    try:
        return _made(provider, name, options)
    except ImportError:
        raise
    except Exception:
        # A server of one's own often wants no key, and the client insists on one.
        if not settings.base_url or settings.api_key:
            raise
        return _made(provider, name, options | {"api_key": _NO_KEY})


def _made(provider: str, name: str, options: dict[str, Any]) -> BaseChatModel:
    model: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    return model


def _keyless(settings: ChatSettings) -> ConfigError:
    return ConfigError(
        f"CHAT_MODEL={settings.model} wants a key; set CHAT_API_KEY, or the variable that its "
        "provider has for that."
    )
