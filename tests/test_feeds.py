"""Feeds and sitemaps are read as lists of pages, whatever is sent in their place."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import date
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import feeds, web
from retrieval.errors import SourceError
from retrieval.feeds import MOST_ADDRESSES, MOST_ENTRIES, Item, Listing
from retrieval.responses import Page

RSS = """\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Harbour news</title>{}</channel></rss>
"""
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour news</title>{}</feed>'
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
    + RSS.partition("?>")[2].format("<item><title>&a11;</title></item>")
)


def page(text: str | bytes, name: str = "feed.xml", url: str = "http://harbour.test/feed") -> Page:
    data = text.encode() if isinstance(text, str) else text
    return Page(url, data, PurePosixPath(name))


def read(text: str | bytes) -> Listing:
    return feeds.read(page(text))


def item(inner: str) -> str:
    return RSS.format(f"<item>{inner}</item>")


class TestFeeds:
    def test_an_rss_feed_lists_its_entries_in_order(self) -> None:
        text = RSS.format(
            "<item><title>The ferry &amp; the bridge</title><link>http://harbour.test/ferry</link>"
            "<pubDate>Fri, 03 May 2024 23:30:00 GMT</pubDate></item>"
            "<item><title>Storm</title><link>http://harbour.test/storm?a=1&amp;b=2</link></item>"
        )
        assert read(text).items == (
            Item("http://harbour.test/ferry", "The ferry & the bridge", date(2024, 5, 3)),
            Item("http://harbour.test/storm?a=1&b=2", "Storm"),
        )

    def test_an_atom_feed_too_with_links_that_are_relative_to_it(self) -> None:
        text = ATOM.format(
            '<entry><id>urn:1</id><title type="html">&lt;b&gt;Ferry&lt;/b&gt;</title>'
            '<updated>2024-05-03T10:00:00Z</updated><link href="/ferry"/></entry>'
        )
        assert read(text).items == (Item("http://harbour.test/ferry", "Ferry", date(2024, 5, 3)),)

    def test_an_rdf_feed_too(self) -> None:
        text = (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns="http://purl.org/rss/1.0/"><item><title>Ferry</title>'
            "<link>http://harbour.test/ferry</link></item></rdf:RDF>"
        )
        assert read(text).items == (Item("http://harbour.test/ferry", "Ferry"),)

    def test_what_an_entry_carries_whole_is_the_page_that_it_would_be(self) -> None:
        text = item(
            "<title>Ferry</title><link>http://harbour.test/ferry</link><content:encoded><![CDATA["
            "<p>The ferry to the island sails at noon with forty passengers on&nbsp;board.</p>"
            "<p>It is the first one since the storm of last winter tore away the pier.</p>"
            "]]></content:encoded>"
        )
        (one,) = read(text).items
        assert one.content is not None
        article = web.article(one.content, "the id")
        assert article.title == "Ferry"
        assert article.text == (
            "The ferry to the island sails at noon with forty passengers on board.\n\n"
            "It is the first one since the storm of last winter tore away the pier."
        )

    def test_a_summary_is_not_the_whole(self) -> None:
        text = item("<link>http://harbour.test/ferry</link><description>It sails.</description>")
        assert read(text).items[0].content is None

    def test_an_entry_that_leads_nowhere_is_left_out(self) -> None:
        text = RSS.format(
            "<item><title>None</title></item><item><link>javascript:alert(1)</link></item>"
            "<item><link>file:///etc/passwd</link></item><item><link>mailto:a@b.c</link></item>"
        )
        assert read(text).items == ()

    def test_the_same_page_is_listed_once(self) -> None:
        assert len(read(RSS.format("<item><link>http://a.test/</link></item>" * 3)).items) == 1

    @pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
    def test_the_encoding_is_the_one_that_the_feed_names(self, encoding: str) -> None:
        text = item("<title>Café</title><link>http://a.test/</link>").replace("UTF-8", encoding)
        assert read(text.encode(encoding)).items[0].title == "Café"

    def test_a_broken_feed_is_read_as_far_as_it_goes(self) -> None:
        text = RSS.format(
            "<item><title>Fish & chips&nbsp;&foo;</title><link>http://a.test/?a=1&b=2</link></item>"
            "<item><title>Storm</title><link>http://a.test/storm</link>"
        ).partition("</channel>")[0]
        assert [one.title for one in read(text).items] == ["Fish  chips", "Storm"]
        assert read(text).items[1].url == "http://a.test/storm"


class TestSitemaps:
    def test_a_sitemap_lists_pages(self) -> None:
        text = SITEMAP.format(
            "<url><loc> http://a.test/1 </loc><lastmod>2024-05-03</lastmod></url>"
            "<url><loc>http://a.test/2?a=1&amp;b=2</loc></url><url><loc>ftp://a.test/</loc></url>"
        )
        assert read(text).items == (Item("http://a.test/1"), Item("http://a.test/2?a=1&b=2"))

    def test_pictures_of_a_page_are_no_pages(self) -> None:
        text = SITEMAP.format(
            '<url><loc>http://a.test/1</loc><i:image xmlns:i="i"><i:loc>http://a.test/p</i:loc>'
            "</i:image></url>"
        )
        assert read(text).items == (Item("http://a.test/1"),)

    def test_a_sitemap_may_list_sitemaps(self) -> None:
        text = SITEMAP.replace("urlset", "sitemapindex").format(
            "<sitemap><loc>http://a.test/1.xml</loc></sitemap>"
        )
        assert read(text) == Listing(sitemaps=("http://a.test/1.xml",))

    def test_a_packed_sitemap_is_unpacked(self) -> None:
        text = SITEMAP.format("<url><loc>http://a.test/1</loc></url>")
        packed = page(gzip.compress(text.encode()), "sitemap.gz")
        assert feeds.is_list(packed)
        assert feeds.read(packed).items == (Item("http://a.test/1"),)


class TestWhatIsAList:
    @pytest.mark.parametrize("text", [RSS, ATOM, SITEMAP, "\ufeff<!-- a -->\n<rss >"])
    @pytest.mark.parametrize("name", ["a.html", "a.txt", "a.xml"])
    def test_a_feed_is_known_by_its_root_whatever_it_is_called(self, text: str, name: str) -> None:
        assert feeds.is_list(page(text, name))

    @pytest.mark.parametrize(
        "text", ["<html>", "<!DOCTYPE html><html><rss>", "A <rss> feed", "", "<feedback>"]
    )
    def test_a_page_is_none(self, text: str) -> None:
        assert not feeds.is_list(page(text, "a.html"))

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"It rained.", id="prose"),
            pytest.param(b"\0" * 99, id="zeros"),
            pytest.param(b"<html><body>", id="a page"),
            pytest.param(b"\x1f\x8b", id="the start of an archive"),
            pytest.param(gzip.compress(b"x"), id="an archive of prose"),
        ],
    )
    def test_what_is_neither_feed_nor_sitemap_is_refused(self, data: bytes) -> None:
        with pytest.raises(SourceError, match=r"^http://harbour\.test/feed is .*\.$"):
            read(data)


@pytest.mark.parametrize("name", [":", "title:", "l:c", "a:b:c"])
def test_elements_with_names_that_xml_does_not_allow_are_passed_over(name: str) -> None:
    entry = f"<link>http://a.test/1</link><{name}>It rained.</{name}>"
    assert [one.url for one in read(item(entry)).items] == ["http://a.test/1"]
    assert read(f"<rss>{entry}<{name}").items == ()


class TestLimits:
    def test_of_an_endless_feed_the_first_entries_are_read(self) -> None:
        entries = "".join(f"<item><link>http://a.test/{n}</link></item>" for n in range(100_000))
        listing = read(RSS.format(entries))
        assert len(listing.items) == MOST_ENTRIES
        assert listing.items[0].url == "http://a.test/0"
        assert listing.is_cut

    def test_of_an_endless_sitemap_too(self) -> None:
        entries = "".join(f"<url><loc>http://a.test/{n}</loc></url>" for n in range(60_000))
        listing = read(SITEMAP.format(entries))
        assert len(listing.items) == MOST_ADDRESSES
        assert listing.is_cut

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(BOMB, id="entities that grow"),
            pytest.param(
                f'<!DOCTYPE rss [<!ENTITY a "{"A" * 1_000_000}">]>'
                + RSS.partition("?>")[2].format("<item><title>&a;</title></item>" * 900),
                id="an entity that is repeated",
            ),
            pytest.param(RSS.format("<a>" * 500_000), id="deep"),
            pytest.param(RSS.format("<a>" * 100_000 + "</a>" * 100_000), id="deep and closed"),
            pytest.param(RSS.format("<item><a/></item>" * 400_000), id="many"),
            pytest.param(RSS.format("<item>" + "<a/>" * 2_000_000), id="many in one"),
            pytest.param(
                RSS.format("<item " + " ".join(f"a{n}='1'" for n in range(200_000)) + "/>"),
                id="attributes",
            ),
            pytest.param(item(f"<title><![CDATA[{'<' * 5_000_000}]]></title>"), id="half tags"),
            pytest.param("<rss><" + "a" * 5_000_000, id="a long tag"),
            pytest.param("<!--" * 1_000_000, id="comments"),
        ],
    )
    def test_no_bomb_grows(self, text: str) -> None:
        data = text.encode()
        tracemalloc.start()
        try:
            assert not feeds.is_list(page(b"x" + data, "a.html"))
            listing = read(data)
        except SourceError:
            listing = Listing()
        finally:
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert most < 200_000_000
        assert all(len(one.url) < 1_000 for one in listing.items)

    def test_no_other_file_is_read(self) -> None:
        text = (
            '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY % b SYSTEM '
            '"http://127.0.0.1:9/b"> %b;]>'
        ) + RSS.partition("?>")[2].format(
            "<item><title>&a;</title><link>http://a.test/</link></item>"
        )
        assert "root" not in str(read(text).items)

    def test_a_packed_bomb_is_not_unpacked(self) -> None:
        packed = gzip.compress(b" " * 200_000_000)
        tracemalloc.start()
        try:
            with pytest.raises(SourceError, match="has more than 10 MB when it is unpacked"):
                read(packed)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 40_000_000


@settings(max_examples=300)
@given(
    st.sampled_from((RSS, ATOM, SITEMAP, "{}")),
    st.lists(
        st.sampled_from(
            (
                "<item>",
                "</item>",
                "<entry>",
                "<link>http://a/</link>",
                "<link href='/a'/>",
                "<url>",
                "<loc>http://a/",
                "<title>",
                "&amp;",
                "&x;",
                "<![CDATA[",
                "]]>",
                "<!--",
                "<?x",
                "<pubDate>",
            )
        )
        | st.text(max_size=20),
        max_size=20,
    ),
)
@example("{}", ["<rss><item><pubDate>Fri, 99 May 99999 10:00:00</pubDate><link>http://a/</link>"])
@example("{}", ["<rss><item><link>http://[</link>"])
def test_whatever_comes_is_a_list_or_a_source_error(frame: str, parts: list[str]) -> None:
    try:
        listing = read(frame.format("".join(parts)).encode("utf-8", "surrogatepass"))
    except SourceError:
        return
    assert all(one.url.lower().startswith("http") for one in listing.items)
