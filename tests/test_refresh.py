"""What came from the web is read again: pages that changed, and what is new in feeds."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date

import pytest

from retrieval import network, refresh, taking
from retrieval.errors import SourceError
from retrieval.index import Index
from retrieval.types import Article
from retrieval.visits import MOST_SECONDS, Visitor
from tests.sites import PUBLIC, STORY, Handler, Internet, Reply, Site
from tests.test_feeds import ATOM, BOMB, RSS, SITEMAP
from tests.test_visits import Clock

FERRY = "The ferry to Sandvik sails at noon with {} passengers on board, the harbour office says."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visitor(clock: Clock) -> Visitor:
    return Visitor(allow_private=True, clock=clock, sleep=clock.sleep)


def story(site: Site, path: str, text: str = FERRY.format(40), **headers: str) -> str:
    """Put a text on a site, and return its address."""
    site.routes[path] = Reply(text.encode(), headers=headers)
    return site.url + path


def feed(site: Site, *entries: str, path: str = "/feed", **headers: str) -> str:
    """Put a feed on a site, and return its address."""
    items = "".join(f"<item>{entry}</item>" for entry in entries)
    site.routes[path] = Reply(RSS.format(items).encode(), "application/rss+xml", headers=headers)
    return site.url + path


def entry(url: str, title: str = "", day: str = "", content: str = "") -> str:
    return (
        f"<title>{title}</title><link>{url}</link>"
        + (f"<pubDate>{day}</pubDate>" if day else "")
        + (f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else "")
    )


def begin(handler: Handler, kind: str) -> None:
    """Answer that something of a kind follows."""
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.end_headers()


def texts(index: Index) -> dict[str, str]:
    ids = [source.id for source in index.store.sources()]
    return {name: article.text for name, article in index.store.articles(ids).items()}


def stored(index: Index, article_id: str) -> Article:
    return index.store.articles([article_id])[article_id]


class TestPages:
    def test_a_page_is_added_under_its_address(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        url = story(site, "/ferry")
        report = refresh.add(index, f"{url}#top", visitor)
        assert (report.added, report.passages, report.problems) == (1, 1, ())
        assert texts(index) == {url: FERRY.format(40)}

    def test_a_page_that_has_not_changed_costs_its_server_and_us_nothing(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        url = story(site, "/ferry", ETag='"1"')
        refresh.add(index, url, visitor)
        (before,) = index.store.sources()
        assert before.fetched.etag == '"1"'
        site.routes["/ferry"] = Reply(b"another text", headers={"ETag": '"1"'})
        report = refresh.refresh(index, [], visitor)
        assert (report.updated, report.unchanged, report.problems) == (0, 1, ())
        assert site.requests[-1][1]["If-None-Match"] == '"1"'
        assert index.store.sources() == [before]

    def test_a_page_that_has_changed_is_renewed(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        url = story(site, "/ferry", **{"Last-Modified": "Fri, 03 May 2024 10:00:00 GMT"})
        refresh.add(index, url, visitor)
        story(
            site, "/ferry", FERRY.format(90), **{"Last-Modified": "Sat, 04 May 2024 10:00:00 GMT"}
        )
        report = refresh.refresh(index, [], visitor)
        assert (report.updated, report.unchanged, report.passages) == (1, 0, 1)
        assert texts(index) == {url: FERRY.format(90)}
        assert index.store.keys() == index.vectors.keys()
        assert refresh.refresh(index, [], visitor).unchanged == 1

    def test_what_a_server_says_anew_of_the_same_text_is_kept(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        refresh.add(index, story(site, "/ferry", ETag='"1"'), visitor)
        story(site, "/ferry", ETag='"2"')
        assert refresh.refresh(index, [], visitor).unchanged == 1
        assert index.store.sources()[0].fetched.etag == '"2"'

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_page_that_is_gone_stays_and_is_reported(
        self, index: Index, site: Site, visitor: Visitor, status: int
    ) -> None:
        url = story(site, "/ferry")
        refresh.add(index, url, visitor)
        site.routes["/ferry"] = Reply(status=status)
        report = refresh.refresh(index, [], visitor)
        assert report.problems == (
            f"{url} was not found (status {status}); it stays as it was until you remove it.",
        )
        assert report.unchanged == 1
        assert texts(index) == {url: FERRY.format(40)}

    def test_one_that_cannot_be_had_keeps_no_other_from_being_read(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        for name in ("/a", "/b", "/c"):
            refresh.add(index, story(site, name), visitor)
        site.routes["/a"] = Reply(status=503)
        site.routes["/b"] = Reply(b"<html></html>", "text/html")
        story(site, "/c", FERRY.format(90))
        report = refresh.refresh(index, [], visitor)
        assert report.updated == 1
        assert [problem.split(" ")[0] for problem in report.problems] == [f"{site.url}/a", "b.html"]
        assert len(texts(index)) == 3

    def test_files_are_left_alone(self, index: Index, visitor: Visitor) -> None:
        index.put([Article("a.md", "A", "One.", url="http://harbour.test/a", path="/x/a.md")])
        assert refresh.refresh(index, [], visitor).unchanged == 0
        with pytest.raises(SourceError, match=r"a\.md did not come from the web; run: footnote"):
            refresh.refresh(index, ["a.md"], visitor)

    def test_only_what_is_named_is_read_again(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        for name in ("/a", "/b"):
            refresh.add(index, story(site, name), visitor)
        del site.requests[:]
        assert refresh.refresh(index, [f"{site.url}/b"], visitor).unchanged == 1
        assert site.visited == ["/b"]
        with pytest.raises(SourceError, match="no article"):
            refresh.refresh(index, ["nothing"], visitor)

    def test_what_is_removed_meanwhile_does_not_come_back(
        self, index: Index, open_index: Callable[[], Index], site: Site, visitor: Visitor
    ) -> None:
        url = story(site, "/ferry")
        refresh.add(index, url, visitor)
        other = open_index()

        def removing(handler: Handler) -> None:
            other.remove([url])
            begin(handler, "text/plain")
            handler.wfile.write(FERRY.format(90).encode())

        site.routes["/ferry"] = removing
        assert refresh.refresh(index, [], visitor).updated == 0
        assert texts(index) == {}

    def test_what_time_is_too_short_for_comes_first_in_the_next_run(
        self, index: Index, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refresh, "TOGETHER", 1)
        visitor = Visitor(allow_private=True, clock=clock, sleep=clock.sleep)
        for name in ("/a", "/b", "/c"):
            refresh.add(index, story(site, name), visitor)
        del site.requests[:]
        clock.now = 0
        short = Visitor(allow_private=True, clock=clock, sleep=lambda _: None)

        def pass_time(done: int, _all: int) -> None:
            clock.now += MOST_SECONDS * 0.6

        report = refresh.refresh(index, [], short, pass_time)
        assert report.problems == ("2 pages left for the next run, as time was up.",)
        visitor = Visitor(allow_private=True, clock=clock, sleep=clock.sleep)
        refresh.refresh(index, [], visitor)
        pages = [path for path in site.visited if path != "/robots.txt"]
        assert pages == ["/a", "/b", "/c", "/a"]

    def test_remaking_the_vectors_forgets_nothing_of_it(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        refresh.add(index, feed(site, entry(story(site, "/a", ETag='"1"'))), visitor)
        before = index.store.sources()
        index.remake()
        assert index.store.sources() == before


class TestFeeds:
    def test_every_entry_is_taken_and_later_only_the_new_ones(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        first, second = story(site, "/1"), story(site, "/2")
        place = feed(site, entry(first), entry(second))
        assert refresh.add(index, place, visitor).added == 2
        third = story(site, "/3")
        feed(site, entry(third), entry(first), entry(second))
        del site.requests[:]
        report = refresh.add(index, place, visitor)
        assert (report.added, report.unchanged) == (1, 2)
        assert site.visited == ["/feed", "/3"]
        assert set(texts(index)) == {first, second, third}

    def test_title_and_date_of_an_entry_are_taken_where_the_page_has_none(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        url = story(site, "/ferry.txt")
        titled = site.url + "/titled"
        site.routes["/titled"] = Reply(STORY.format(head="").encode(), "text/html")
        day = "Fri, 03 May 2024 10:00:00 GMT"
        place = feed(site, entry(url, "Ferry sails", day), entry(titled, "Another title", day))
        refresh.add(index, place, visitor)
        assert (stored(index, url).title, stored(index, url).published) == (
            "Ferry sails", date(2024, 5, 3),
        )  # fmt: skip
        assert stored(index, titled).title == "The harbour opens"
        assert refresh.refresh(index, [url], visitor).unchanged == 1

    def test_where_a_page_cannot_be_had_the_text_of_its_entry_is_taken(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        url = f"{site.url}/forbidden"
        site.routes["/forbidden"] = Reply(status=403)
        content = f"<p>{FERRY.format(40)}</p><p>{FERRY.format(50)}</p>"
        place = feed(site, entry(url, "Ferry sails", content=content))
        assert refresh.add(index, place, visitor).problems == ()
        assert stored(index, url).text == f"{FERRY.format(40)}\n\n{FERRY.format(50)}"
        assert (stored(index, url).title, stored(index, url).url) == ("Ferry sails", url)

    def test_no_feed_can_make_its_words_those_of_another_site(
        self, index: Index, site: Site, inner_site: Site, visitor: Visitor
    ) -> None:
        url = f"{inner_site.url}/news"
        place = feed(site, entry(url, "Forged", content=f"<p>{FERRY.format(9_000)}</p>" * 2))
        refresh.add(index, place, visitor)
        assert stored(index, url).url == place

    def test_an_entry_that_cannot_be_had_just_now_is_tried_again_and_one_for_good_is_not(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        later, never = f"{site.url}/later", f"{site.url}/never"
        site.routes["/later"] = Reply(status=503)
        place = feed(site, entry(later), entry(never), entry(story(site, "/a")), ETag='"1"')
        report = refresh.add(index, place, visitor)
        assert report.added == 1
        assert [problem.split(" ")[0] for problem in report.problems] == [later, never]
        story(site, "/later")
        story(site, "/never")
        assert refresh.refresh(index, [], visitor).added == 1
        assert later in texts(index)
        assert never not in texts(index)

    def test_a_feed_that_has_not_changed_is_not_sent_again(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        place = feed(site, entry(story(site, "/a")), ETag='"1"')
        refresh.add(index, place, visitor)
        del site.requests[:]
        report = refresh.refresh(index, [], visitor)
        assert (report.unchanged, report.problems) == (1, ())
        assert site.visited == ["/feed"]
        assert site.requests[0][1]["If-None-Match"] == '"1"'

    def test_what_was_removed_does_not_come_back_unless_the_feed_is_added_anew(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        first, second = story(site, "/1"), story(site, "/2")
        place = feed(site, entry(first), entry(second))
        refresh.add(index, place, visitor)
        index.remove([first])
        assert refresh.refresh(index, [], visitor).added == 0
        assert refresh.add(index, place, visitor).added == 0
        index.remove(refresh.of_feeds(index, [place]))
        assert texts(index) == {}
        assert refresh.refresh(index, [], visitor).added == 0
        assert refresh.add(index, place, visitor).added == 2

    def test_a_feed_that_is_gone_is_reported_and_its_articles_stay(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        place = feed(site, entry(story(site, "/a")))
        refresh.add(index, place, visitor)
        site.routes["/feed"] = Reply(status=410)
        report = refresh.refresh(index, [place], visitor)
        assert report.unchanged == 1
        assert "its articles stay as they were until you remove them." in report.problems[0]

    def test_so_many_are_taken_in_a_run_and_the_rest_in_the_next(
        self, index: Index, site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking, "MOST_TAKEN", 3)
        monkeypatch.setattr(taking, "TOGETHER", 2)
        place = feed(site, *(entry(story(site, f"/{n}")) for n in range(5)), ETag='"1"')
        report = refresh.add(index, place, visitor)
        assert report.added == 3
        assert report.problems == (
            f"{place} lists more than is read at a time; 2 new pages were left out: run it again "
            "for them.",
        )
        assert refresh.refresh(index, [], visitor).added == 2
        assert set(texts(index)) == {f"{site.url}/{n}" for n in range(5)}

    @pytest.mark.parametrize("text", [BOMB, RSS.format(""), ATOM.format("<entry/>")])
    def test_a_feed_without_entries_is_refused(
        self, index: Index, site: Site, visitor: Visitor, text: str
    ) -> None:
        site.routes["/feed"] = Reply(text.encode(), "text/xml")
        with pytest.raises(SourceError, match=r"/feed lists no pages; give the address of a page"):
            refresh.add(index, f"{site.url}/feed", visitor)
        assert texts(index) == {}

    def test_a_feed_that_never_ends_is_left(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        def pour(handler: Handler) -> None:
            begin(handler, "application/rss+xml")
            while not site.closing.is_set():
                handler.wfile.write(b"<item><link>http://a.test/</link></item>" * 2_000)

        site.routes["/feed"] = pour
        with pytest.raises(SourceError, match="has more than 10 MB"):
            refresh.add(index, f"{site.url}/feed", visitor)

    def test_a_feed_that_comes_a_byte_at_a_time_is_left(
        self, index: Index, site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def drip(handler: Handler) -> None:
            begin(handler, "application/rss+xml")
            while not site.closing.wait(0.02):
                handler.wfile.write(b" ")

        site.routes["/feed"] = drip
        monkeypatch.setitem(network.SECONDS, "all", 0.5)
        with pytest.raises(SourceError, match="took too long to answer"):
            refresh.add(index, f"{site.url}/feed", visitor)


class TestSitemaps:
    def test_the_pages_of_a_sitemap_and_of_those_that_it_lists_are_taken(
        self, index: Index, site: Site, visitor: Visitor
    ) -> None:
        urls = [story(site, f"/{n}") for n in range(3)]
        plain = SITEMAP.format(f"<url><loc>{urls[0]}</loc></url>")
        packed = SITEMAP.format("".join(f"<url><loc>{url}</loc></url>" for url in urls[1:]))
        maps = SITEMAP.replace("urlset", "sitemapindex").format(
            "".join(
                f"<sitemap><loc>{site.url}/{name}</loc></sitemap>"
                for name in ("a.xml", "b.xml.gz", "none.xml")
            )
        )
        site.routes["/a.xml"] = Reply(plain.encode(), "application/xml")
        site.routes["/b.xml.gz"] = Reply(gzip.compress(packed.encode()), "application/x-gzip")
        site.routes["/sitemap.xml"] = Reply(maps.encode(), "text/xml", headers={"ETag": '"1"'})
        place = f"{site.url}/sitemap.xml"
        report = refresh.add(index, place, visitor)
        assert report.added == 3
        assert [problem.split(" ")[0] for problem in report.problems] == [f"{site.url}/none.xml"]
        assert set(texts(index)) == set(urls)
        new = story(site, "/new")
        more = SITEMAP.format(f"<url><loc>{urls[0]}</loc></url><url><loc>{new}</loc></url>")
        site.routes["/a.xml"] = Reply(more.encode(), "application/xml")
        report = refresh.refresh(index, [], visitor)
        assert (report.added, report.unchanged) == (1, 3)

    def test_of_many_sitemaps_so_many_are_read_in_a_run(
        self, index: Index, site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking, "MOST_SITEMAPS", 2)
        for n in range(4):
            text = SITEMAP.format(f"<url><loc>{story(site, f'/{n}')}</loc></url>")
            site.routes[f"/{n}.xml"] = Reply(text.encode(), "text/xml")
        maps = SITEMAP.replace("urlset", "sitemapindex").format(
            "".join(f"<sitemap><loc>{site.url}/{n}.xml</loc></sitemap>" for n in range(4))
        )
        site.routes["/sitemap.xml"] = Reply(maps.encode(), "text/xml")
        report = refresh.add(index, f"{site.url}/sitemap.xml", visitor)
        assert report.added == 2
        assert "2 sitemaps were left out" in report.problems[0]


INNER = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://inner.test:{port}/",
    "http://harbour.test/leads-inside",
]


class TestNoWayInside:
    """What a stranger's list names is visited only if it is on the public internet."""

    @pytest.fixture(autouse=True)
    def _there_is_an_inside(self, internet: Internet, site: Site, inner_site: Site) -> None:
        internet.host(site)
        internet.names["inner.test"] = [["127.0.0.1"]]
        there = f"http://inner.test:{inner_site.server_port}/"
        site.routes["/leads-inside"] = Reply(status=302, headers={"Location": there})

    @pytest.mark.parametrize("kind", ["feed", "sitemap", "sitemap of sitemaps"])
    def test_by_way_of_a_list(
        self, index: Index, site: Site, inner_site: Site, internet: Internet, clock: Clock,
        kind: str,
    ) -> None:  # fmt: skip
        urls = [target.format(port=inner_site.server_port) for target in INNER]
        text = {
            "feed": RSS.format("".join(f"<item>{entry(url)}</item>" for url in urls)),
            "sitemap": SITEMAP.format("".join(f"<url><loc>{url}</loc></url>" for url in urls)),
            "sitemap of sitemaps": SITEMAP.replace("urlset", "sitemapindex").format(
                "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
            ),
        }[kind]
        site.routes["/feed"] = Reply(text.encode(), "text/xml")
        visitor = Visitor(clock=clock, sleep=clock.sleep)
        report = refresh.add(index, "http://harbour.test/feed", visitor)
        assert len(report.problems) == len(INNER)
        for url, problem in zip(urls, report.problems, strict=True):
            assert problem.startswith(f"{url} is n")
            assert "is not on the public internet" in problem or "is no web address" in problem
        assert set(internet.dialled) == {(PUBLIC, 80)}
        assert inner_site.requests == []
        assert texts(index) == {}

    def test_by_way_of_a_page_that_has_moved_since(
        self, index: Index, site: Site, inner_site: Site, clock: Clock
    ) -> None:
        story(site, "/ferry")
        visitor = Visitor(clock=clock, sleep=clock.sleep)
        refresh.add(index, "http://harbour.test/ferry", visitor)
        site.routes["/ferry"] = site.routes["/leads-inside"]
        report = refresh.refresh(index, [], visitor)
        assert "is not on the public internet" in report.problems[0]
        assert inner_site.requests == []
        assert texts(index) == {"http://harbour.test/ferry": FERRY.format(40)}

    def test_by_way_of_a_feed_that_leads_there(
        self, index: Index, inner_site: Site, clock: Clock
    ) -> None:
        visitor = Visitor(clock=clock, sleep=clock.sleep)
        with pytest.raises(SourceError, match="is not on the public internet"):
            refresh.add(index, "http://harbour.test/leads-inside", visitor)
        assert inner_site.requests == []
