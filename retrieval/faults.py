"""What may be wrong with a chat model's provider: tried again, or told in a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from langchain_core import exceptions as fault
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from retrieval.errors import ChatError
from retrieval.wording import counted

T = TypeVar("T")

ATTEMPTS = 3
"""How often a reply is asked for, where trying again may help."""

_FAULTY, _SERVER_FAULT = 400, 500
_UNKNOWN = fault.ModelError
_BACKOFF = wait_random_exponential(multiplier=0.5, max=8)
_SENTENCES = {
    fault.ContextOverflowError: "The passages are too long for the chat model.",
    fault.ModelAuthenticationError: "The chat model's provider refused the key; set CHAT_API_KEY.",
    fault.ModelPermissionDeniedError: "The chat model's provider does not let this key use it.",
    fault.ModelNotFoundError: "The chat model's provider has no such model; see CHAT_MODEL.",
    fault.ModelRateLimitError: "The chat model's provider takes no more requests just now.",
    fault.ModelInvalidRequestError: "The chat model's provider refused the request.",
    fault.ModelAPIError: "The chat model's provider has a fault of its own just now.",
    fault.ModelConnectionError: "The connection to the chat model failed.",
}
_STATUSES: dict[int, type[fault.ModelError]] = {
    400: fault.ModelInvalidRequestError,
    401: fault.ModelAuthenticationError,
    403: fault.ModelPermissionDeniedError,
    404: fault.ModelNotFoundError,
    429: fault.ModelRateLimitError,
}


def persistently(ask: Callable[[], T], deadline: float) -> T:
    """Return what ``ask`` gives, which is tried again where the provider may recover.

    It waits as long as the provider says (``Retry-After``), or else a random time that
    grows [1]_, and never beyond ``deadline``, in seconds of :func:`time.monotonic`.

    .. [1] M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = _retry_after(error)
        return _BACKOFF(state) if told is None else told

    def stop(state: RetryCallState) -> bool:
        is_last = stop_after_attempt(ATTEMPTS)(state)
        return is_last or time.monotonic() + state.upcoming_sleep > deadline

    retrying = Retrying(
        retry=retry_if_exception(lambda error: _kind(error).is_retryable),
        wait=wait,
        stop=stop,
        reraise=True,
    )
    return retrying(ask)


@contextmanager
def telling(seconds: float) -> Iterator[None]:
    """Turn whatever goes wrong in the block, which may take so long, into a sentence.

    Raises:
        ChatError: which says what went wrong, for the person who asked.
    """
    try:
        yield
    except Exception as error:  # the providers have no error in common
        raise _explained(error, seconds) from error


def _explained(error: Exception, seconds: float) -> ChatError:
    kind = _kind(error)
    if issubclass(kind, fault.ModelTimeoutError):
        return overdue(seconds)
    sentences = (told for known, told in _SENTENCES.items() if issubclass(kind, known))
    return ChatError(next(sentences, "The chat model's reply broke off."))


def overdue(seconds: float) -> ChatError:
    """Return the error of a reply that takes too long."""
    return ChatError(f"The chat model did not reply within {counted(round(seconds), 'second')}.")


def _kind(error: BaseException) -> type[fault.ModelError]:
    """Return what happened, in LangChain's terms.

    Not every client has been taught them: those of others tell an HTTP status, or have a
    name that says it is about time.
    """
    if isinstance(error, fault.ModelError):
        return type(error)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= _FAULTY:
        return fault.ModelAPIError if status >= _SERVER_FAULT else _STATUSES.get(status, _UNKNOWN)
    names = {kind.__name__ for one in _causes(error) for kind in type(one).__mro__}
    if any(name.endswith(("TimeoutError", "TimeoutException")) for name in names):
        return fault.ModelTimeoutError
    return fault.ModelConnectionError if isinstance(error, ConnectionError) else _UNKNOWN


def _causes(error: BaseException) -> list[BaseException]:
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) and cause not in found:
        found.append(cause)
    return found


def _retry_after(error: BaseException | None) -> float | None:
    """Return how many seconds a provider asks to wait, if it says."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    told = headers.get("retry-after")
    try:
        return max(0.0, float(told)) if told else None
    except ValueError:  # a date, which no provider sends
        return None
