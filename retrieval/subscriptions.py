"""What is known of the feeds and sitemaps that a library takes articles from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from retrieval.responses import NONE_KNOWN, Validators
from retrieval.store import Store

_MOST_SEEN = 100_000
_MARK = 12


@dataclass(frozen=True)
class Subscription:
    """A feed as it was when it was last read.

    ``seen`` holds a mark of each article that was taken from it, or refused for good, so that
    what was removed since does not come back; ``failed`` those that are to be tried again.
    """

    address: str
    validators: Validators = NONE_KNOWN
    seen: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()

    def has_seen(self, article_id: str) -> bool:
        """Tell whether an article needs no visit any more."""
        return _mark(article_id) in self.seen

    def has_failed(self, article_id: str) -> bool:
        """Tell whether an article was visited before, and could not be had then."""
        return _mark(article_id) in self.failed

    def after(self, done: Iterable[str], failed: Iterable[str]) -> Subscription:
        """Return what is known when some articles were visited."""
        seen = self.seen | set(map(_mark, done))
        return replace(self, seen=seen, failed=(self.failed | set(map(_mark, failed))) - seen)


def load(store: Store, address: str) -> Subscription:
    """Return what is known of a feed; nothing, if it was never read."""
    kept = store.meta(_key(address))
    if kept is None:
        return Subscription(address)
    facts = json.loads(kept)
    return Subscription(
        address,
        Validators(**facts["validators"]),
        frozenset(facts["seen"]),
        frozenset(facts["failed"]),
    )


def save(store: Store, known: Subscription) -> None:
    """Keep what is known of a feed."""
    facts = {
        "validators": asdict(known.validators),
        "seen": sorted(known.seen)[:_MOST_SEEN],
        "failed": sorted(known.failed)[:_MOST_SEEN],
    }
    store.set_meta(_key(known.address), json.dumps(facts))


def _key(address: str) -> str:
    return f"feed {address}"


def _mark(article_id: str) -> str:
    return hashlib.sha256(article_id.encode()).hexdigest()[:_MARK]
