"""A polite guest on the web: keeps to each site's robots.txt, and comes no oftener than it may.

The rules of a site are fetched like any page, from the public internet only, and known for
as long as the run of one command lasts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from retrieval import web
from retrieval.errors import LaterError, SourceError
from retrieval.responses import NONE_KNOWN, PAGES, Page, RefusalError, Validators

AGENT = "footnote"
"""The name by which a robots.txt may speak of us."""

SECONDS_BETWEEN = 1.0
"""Seconds between two visits to a host, where its rules ask for no more."""

MOST_SECONDS_BETWEEN = 5.0
"""The most that a site's Crawl-delay is heeded, so that a run ends."""

MOST_SECONDS = 1_800.0
"""Seconds after which a run visits nothing more; the next one goes on."""

# Thousands of agents, each with thousands of rules, would be millions of rules.
_OTHER_AGENTS = re.compile(
    r"^([ \t]*+user[- ]?agent)[ \t]*+:?+[ \t]*+(?!\*|footnote).*$", re.IGNORECASE | re.MULTILINE
)
_FORBIDDEN = (
    "may not be visited by programs, says its site's robots.txt; save the page and add the file."
)
_OVER = "was left for the next run, as this one had to end; run it again."


class Visitor:
    """Visits pages in one run of a command; not for several threads.

    Args:
        allow_private: whether others than public addresses may be visited.
        stop: whether the run is to end before its time.
        clock: seconds that only go forward.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        allow_private: bool = False,
        *,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._allow_private = allow_private
        self._stop = stop
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + MOST_SECONDS
        self._rules: dict[str, Protego | Exception] = {}
        self._free_from: dict[str, float] = {}

    @property
    def is_over(self) -> bool:
        """Whether the run has had its time, or is to end now."""
        return self._stop() or self._clock() >= self._end

    def fetch(self, url: str, *, takes: Mapping[str, str] = PAGES) -> Page:
        """Return the page at a URL; see :func:`retrieval.web.fetch`.

        Raises:
            GoneError: if it is not there any more.
            SourceError: if it cannot be had, or its site does not want that.
        """
        return web.fetch(url, allow_private=self._allow_private, permit=self._permit, takes=takes)

    def revisit(
        self, url: str, known: Validators = NONE_KNOWN, *, takes: Mapping[str, str] = PAGES
    ) -> Page | None:
        """Return the page at a URL, or None if it is still the known one.

        Raises:
            GoneError: if it is not there any more.
            SourceError: if it cannot be had, or its site does not want that.
        """
        return web.revisit(
            url, known, allow_private=self._allow_private, permit=self._permit, takes=takes
        )

    def _permit(self, url: str) -> None:
        """Wait for a host's turn.

        Raises:
            RefusalError: if its rules forbid the visit, or the run has had its time.
        """
        if self.is_over:
            raise RefusalError(_OVER, LaterError)
        parts = urlsplit(url)
        site = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        rules = self._rules_of(site)
        if not rules.can_fetch(url, AGENT):
            raise RefusalError(_FORBIDDEN)
        host = parts.hostname or ""
        now = self._clock()
        wait = self._free_from.get(host, now) - now
        if wait > 0:
            self._sleep(wait)
        delay = min(MOST_SECONDS_BETWEEN, rules.crawl_delay(AGENT) or 0.0)
        self._free_from[host] = max(now, now + wait) + max(SECONDS_BETWEEN, delay)

    def _rules_of(self, site: str) -> Protego:
        """Return what a site's robots.txt says; what kept us from it is raised each time."""
        if site not in self._rules:
            try:
                text = web.rules(f"{site}/robots.txt", allow_private=self._allow_private)
                self._rules[site] = Protego.parse(_OTHER_AGENTS.sub(r"\1: other", text))
            except SourceError as error:
                # Its cause, for which the sentence names the page that was asked for.
                cause = error.__cause__
                self._rules[site] = cause if isinstance(cause, Exception) else error
        rules = self._rules[site]
        if isinstance(rules, Exception):
            raise rules
        return rules
