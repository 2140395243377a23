"""Pages, feeds and sitemaps into a library, and again when they have changed.

Nothing is fetched while the library is locked: others may write to it meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from retrieval import addresses, feeds, subscriptions, web
from retrieval.errors import GoneError, SourceError
from retrieval.index import Index
from retrieval.responses import LISTS, PAGES, Validators
from retrieval.store import Fetched, Source
from retrieval.subscriptions import Subscription
from retrieval.taking import TOGETHER, Taking, completed, fetched, put
from retrieval.types import Article
from retrieval.visits import Visitor
from retrieval.wording import counted
from retrieval.writer import Progress, Report, ignore

_GOES_ON_AT = "refresh goes on at"


def add(index: Index, url: str, visitor: Visitor, progress: Progress = ignore) -> Report:
    """Add the page at an address, or the new ones that a feed or sitemap there lists.

    ``progress`` counts passages of a page, or the pages of a list.

    Raises:
        SourceError: if it cannot be fetched or read.
        LibraryError: if the library cannot be written.
    """
    started = time.monotonic()
    place = addresses.as_id(url)
    page = visitor.fetch(url, takes=PAGES | LISTS)
    if not feeds.is_list(page):
        return index.put([web.article(page, place)], progress, {place: fetched(page, None)})
    is_new = not any(addresses.feed(source) == place for source in index.store.sources())
    known = Subscription(place) if is_new else subscriptions.load(index.store, place)
    report = Taking(index, visitor, known, progress).take(page)
    if report == Report():
        raise SourceError(f"{place} lists no pages; give the address of a page, or another feed.")
    return replace(report, seconds=time.monotonic() - started)


def refresh(
    index: Index, names: Sequence[str], visitor: Visitor, progress: Progress = ignore
) -> Report:
    """Read again what came from the web: pages, and the new entries of feeds and sitemaps.

    What is gone stays as it was, and is reported like what cannot be had just now.

    Args:
        index: the library.
        names: ids, parts of titles or addresses of feeds; if there are none, all but what
            feeds have listed before.
        visitor: fetches.
        progress: counts pages and feeds; what it raises ends the work.

    Raises:
        SourceError: if a name fits no article that came from the web.
        LibraryError: if the library cannot be written.
    """
    started = time.monotonic()
    pages, lists = _asked_for(index, names)
    total = len(pages) + len(lists)
    report, done = Report(), 0
    for place in lists:
        progress(done, total)
        report += _look(index, place, visitor)
        done += 1
    while pages and not visitor.is_over:
        progress(done, total)
        some, read = _reread(index, pages[:TOGETHER], visitor)
        report, done, pages = report + some, done + read, pages[read:]
    progress(done, total)
    if not names:
        index.store.set_meta(_GOES_ON_AT, pages[0].id if pages else "")
    if pages:
        left = f"{counted(len(pages), 'page')} left for the next run, as time was up."
        report += Report(problems=(left,))
    return replace(report, seconds=time.monotonic() - started)


def of_feeds(index: Index, names: Iterable[str]) -> list[str]:
    """Return ids, with those of all its articles in place of the address of a feed."""
    sources = index.store.sources()
    known = {source.id for source in sources}
    ids: list[str] = []
    for name in names:
        listed = [source.id for source in sources if addresses.feed(source) == name]
        ids += listed if listed and name not in known else [name]
    return list(dict.fromkeys(ids))


def _asked_for(index: Index, names: Sequence[str]) -> tuple[list[Source], list[str]]:
    """Return the pages and the addresses of feeds that are to be read again."""
    sources = index.store.sources()
    lists = list(dict.fromkeys(filter(None, map(addresses.feed, sources))))
    if not names:
        pages = [one for one in sources if addresses.address(one) and not addresses.feed(one)]
        first = index.store.meta(_GOES_ON_AT) or ""
        return sorted(pages, key=lambda one: one.id < first), lists
    named = [index.find_source(name) for name in names if name not in lists]
    for source in named:
        if addresses.address(source) is None:
            raise SourceError(
                f"{source.id} did not come from the web; run: footnote sync FOLDER, or footnote "
                "add PATH"
            )
    return named, [name for name in names if name in lists]


def _reread(index: Index, sources: Sequence[Source], visitor: Visitor) -> tuple[Report, int]:
    """Read some pages again, write those that have changed, and tell how many were read."""
    found: dict[str, tuple[Article, Fetched]] = {}
    same: dict[str, Fetched] = {}
    unchanged = read = 0
    problems = []
    stored = index.store.articles([source.id for source in sources])
    for source in sources:
        if visitor.is_over:
            break
        read += 1
        try:
            page = visitor.revisit(
                addresses.address(source) or source.id,
                Validators(source.fetched.etag, source.fetched.modified),
            )
            if page is None or source.id not in stored:
                unchanged += page is None
                continue
            how = fetched(page, source.fetched.feed)
            before = stored[source.id]
            article = completed(web.article(page, source.id), page, before.title, before.published)
        except GoneError as error:
            unchanged += 1
            problems.append(f"{_sentence(error)}; it stays as it was until you remove it.")
        except SourceError as error:
            problems.append(str(error))
        else:
            if article == before:
                unchanged += 1
                same[source.id] = how
            else:
                found[source.id] = article, how
    report = Report(unchanged=unchanged, problems=tuple(problems))
    if not found and not same:
        return report, read
    with index.locked():  # what was removed meanwhile stays away
        left = {source.id for source in index.store.sources()}
        index.store.note({name: how for name, how in same.items() if name in left})
        report += put(index, {name: pair for name, pair in found.items() if name in left})
    return report, read


def _look(index: Index, place: str, visitor: Visitor) -> Report:
    """Take what is new in a feed or sitemap, if it has changed."""
    known = subscriptions.load(index.store, place)
    listed = sum(addresses.feed(source) == place for source in index.store.sources())
    try:
        page = visitor.revisit(place, known.validators, takes=PAGES | LISTS)
        if page is None:
            return Report(unchanged=listed)
        return Taking(index, visitor, known, ignore).take(page)
    except GoneError as error:
        sentence = f"{_sentence(error)}; its articles stay as they were until you remove them."
        return Report(unchanged=listed, problems=(sentence,))
    except SourceError as error:
        return Report(problems=(str(error),))


def _sentence(error: GoneError) -> str:
    """Return what is said of what is gone, without the remedy for who typed its address."""
    return str(error).partition(";")[0]
