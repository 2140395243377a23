"""The new articles of a feed or sitemap into a library, some at a time."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date

from retrieval import addresses, articles, feeds, subscriptions, web
from retrieval.errors import LaterError, SourceError
from retrieval.feeds import Item, Listing
from retrieval.index import Index
from retrieval.responses import LISTS, PAGES, Page
from retrieval.store import Fetched
from retrieval.subscriptions import Subscription
from retrieval.types import Article, fold_space
from retrieval.visits import Visitor
from retrieval.writer import Progress, Report

MOST_TAKEN = 200
"""New articles that are taken from a feed or sitemap in one run."""

MOST_SITEMAPS = 50
"""Sitemaps that are read, in one run, of those that a sitemap lists."""

TOGETHER = 16
"""Articles that are fetched before they are written; what an interruption can cost."""


@dataclass
class Taking:
    """A feed or sitemap whose new articles are being taken."""

    index: Index
    visitor: Visitor
    known: Subscription
    progress: Progress
    problems: list[str] = field(default_factory=list)
    is_whole: bool = True

    def take(self, page: Page) -> Report:
        """Add the articles that a feed lists and that were never taken from it.

        Raises:
            SourceError: if it is no feed.
        """
        new, report = self._new(page)
        names = sorted(new, key=self.known.has_failed)  # what failed before comes last
        done, last = 0, min(len(names), MOST_TAKEN)
        while done < last and not self.visitor.is_over:
            self.progress(done, last)
            some = names[done : min(done + TOGETHER, last)]
            written, tried = self._take_some({name: new[name] for name in some}, page)
            report, done = report + written, done + tried
        if names[done:]:
            self._leave(f"{len(names[done:]):,} new pages", "run it again for them")
            self.is_whole = False
        if self.is_whole:  # or else the rest would not be asked for
            self.known = replace(self.known, validators=page.validators)
        subscriptions.save(self.index.store, self.known)
        return report + Report(problems=tuple(self.problems))

    def _new(self, page: Page) -> tuple[dict[str, Item], Report]:
        """Return what is listed, also by the sitemaps that a sitemap lists, and was not before."""
        present = {source.id for source in self.index.store.sources()}
        new: dict[str, Item] = {}
        listing = feeds.read(page)
        kept = self._sort(listing, present, new)
        self.is_whole = not listing.sitemaps  # which may change while their list does not
        for number, place in enumerate(listing.sitemaps):
            if len(new) >= MOST_TAKEN or number == MOST_SITEMAPS:
                left = f"{len(listing.sitemaps) - number:,} sitemaps"
                self._leave(left, "run it again, or add the sitemap that you need")
                break
            try:
                further = feeds.read(self.visitor.fetch(place, takes=PAGES | LISTS))
                kept += self._sort(further, present, new)
            except SourceError as error:
                self.problems.append(str(error))
        return new, Report(unchanged=kept)

    def _sort(self, listing: Listing, present: Set[str], new: dict[str, Item]) -> int:
        """Find what is new in a list, and return how much of it is in the library."""
        kept = 0
        for item in listing.items:
            name = addresses.as_id(item.url)
            kept += name in present
            if name not in present and not self.known.has_seen(name):
                new.setdefault(name, item)
        if listing.is_cut:
            self._leave("the last ones", "add what you need by its own address")
        return kept

    def _take_some(self, some: dict[str, Item], page: Page) -> tuple[Report, int]:
        """Add some articles, and tell how many were tried before the time was up."""
        found: dict[str, tuple[Article, Fetched]] = {}
        tried: list[str] = []
        failed: list[str] = []
        for name, item in some.items():
            if self.visitor.is_over:
                break
            tried.append(name)
            try:
                found[name] = self._fetch(name, item, page)
            except LaterError as error:
                failed.append(name)
                self.problems.append(str(error))
                self.is_whole = False
            except SourceError as error:
                self.problems.append(str(error))
        report = put(self.index, found)
        self.known = self.known.after(set(tried).difference(failed), failed)
        subscriptions.save(self.index.store, self.known)
        return report, len(tried)

    def _fetch(self, name: str, item: Item, feed: Page) -> tuple[Article, Fetched]:
        """Return the article that a feed lists: that of its page, or else the feed's own text."""
        try:
            page = self.visitor.fetch(item.url)
            article = web.article(page, name)
        except SourceError:
            if item.content is None:
                raise
            page = item.content
            article = web.article(page, name)
            # No feed can make its words those of another site.
            article = replace(article, url=web.link(feed.url, item.url))
        article = completed(article, page, item.title, item.published)
        return article, fetched(page, self.known.address)

    def _leave(self, what: str, remedy: str) -> None:
        self.problems.append(
            f"{self.known.address} lists more than is read at a time; {what} were left out: "
            f"{remedy}."
        )


def completed(article: Article, page: Page, title: str | None, day: date | None) -> Article:
    """Return an article with a title and a date where its page has none."""
    is_called_by_its_file = article.title == fold_space(articles.normalise(page.name.stem))
    name = fold_space(articles.normalise(title or "")) if is_called_by_its_file else ""
    return replace(article, title=name or article.title, published=article.published or day)


def fetched(page: Page, place: str | None) -> Fetched:
    """Return how a page was fetched, and by what it came."""
    return Fetched(page.validators.etag, page.validators.modified, place)


def put(index: Index, found: Mapping[str, tuple[Article, Fetched]]) -> Report:
    """Add articles, or renew them, and keep how each was fetched."""
    if not found:
        return Report()
    how = {name: pair[1] for name, pair in found.items()}
    return index.put([article for article, _ in found.values()], fetched=how)
