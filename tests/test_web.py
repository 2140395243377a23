"""A page is fetched from the public internet only, within limits, and read as an article."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import articles, network, responses, web
from retrieval.errors import SourceError
from retrieval.types import Article, Span
from tests.sites import PUBLIC, STORY, TEXT, Handler, Internet, Reply, Site, serving
from tests.test_documents import HARBOUR, pdf

pytestmark = pytest.mark.usefixtures("internet")

PUBLIC_TOO = "2606:2800:220:1::1"
# A certificate of harbour.test that nobody but these tests trusts, and its key.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtSFK2ZtqK7E/GWde
wV1feK7mqQsgikXELnCEI7Fu68WhRANCAARHGVxvF1N66kel/JgO4HXAEojeNKR0
M8Bi+XFVhOqjL2PTMOIwiARAHfme/av3qUZmFQeL6upwRQtcpf7DKC9z
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYXJib3Vy
LnRlc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDGhhcmJvdXIudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEcZXG8X
U3rqR6X8mA7gdcASiN40pHQzwGL5cVWE6qMvY9Mw4jCIBEAd+Z79q/epRmYVB4vq
6nBFC1yl/sMoL3OjfDB6MBcGA1UdEQQQMA6CDGhhcmJvdXIudGVzdDAPBgNVHRMB
Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNVHQ4EFgQUs3qmopZZtqMWzy5h
pSUwa0kXp+swHwYDVR0jBBgwFoAUs3qmopZZtqMWzy5hpSUwa0kXp+swCgYIKoZI
zj0EAwIDSAAwRQIgFcdXIm8iIckHEnhRCOTuEqV2j+K2Nra/9dokD2O6jQsCIQCf
tY+X6xHA635h2CDZJDqj1APlJXDZVgkKAY724nmlBg==
-----END CERTIFICATE-----
"""


@pytest.fixture
def names_asked_for() -> list[str]:
    return []


@pytest.fixture
def secure_site(tmp_path: Path, names_asked_for: list[str]) -> Iterator[Site]:
    (tmp_path / "key.pem").write_text(KEY)
    (tmp_path / "certificate.pem").write_text(CERTIFICATE)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    context.sni_callback = lambda _, name, __: names_asked_for.append(name)
    site = Site()
    site.socket = context.wrap_socket(site.socket, server_side=True)
    yield from serving(site)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the certificate of harbour.test."""
    monkeypatch.setattr("certifi.where", lambda: str(tmp_path / "certificate.pem"))


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def fetch(url: str) -> responses.Page:
    return web.fetch(url, allow_private=True)


def read(url: str) -> Article:
    return web.article(fetch(url), "the id")


def refusal(url: str, *, allow_private: bool = True) -> str:
    """Return what is said of a page that is not taken."""
    with pytest.raises(SourceError) as caught:
        web.fetch(url, allow_private=allow_private)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


class TestWhatIsFetched:
    def test_a_page_has_its_address_its_bytes_and_a_name(self, site: Site) -> None:
        site.routes["/news/harbour-opens"] = Reply(b"<p>caf\xc3\xa9", "text/html; charset=utf-8")
        assert fetch(f"{site.url}/news/harbour-opens") == responses.Page(
            url=f"{site.url}/news/harbour-opens",
            data=b"<p>caf\xc3\xa9",
            name=PurePosixPath("harbour-opens.html"),
        )

    @pytest.mark.parametrize(
        ("kind", "path", "name"),
        [
            ("text/html", "/a", "a.html"),
            ("TEXT/HTML;charset=UTF-8", "/a", "a.html"),
            ("application/xhtml+xml", "/a.xhtml", "a.html"),
            ("text/plain", "/a", "a.txt"),
            ("text/plain; charset=utf-8", "/notes.md", "notes.md"),
            ("text/plain", "/notes.MD", "notes.md"),
            ("text/markdown; variant=GFM", "/notes", "notes.md"),
            ("text/html", "/notes.md", "notes.html"),
        ],
    )
    def test_the_type_that_the_server_names_is_the_format(
        self, site: Site, kind: str, path: str, name: str
    ) -> None:
        site.routes[path] = Reply(kind=kind)
        assert fetch(site.url + path).name == PurePosixPath(name)

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/a/b/", "b.txt"),
            ("/a.htm", "a.txt"),
            ("/v1.2", "v1.2.txt"),
            ("/caf%C3%A9%20noir", "café-noir.txt"),
            ("/..%2F..%2Fetc%2Fpasswd", "passwd.txt"),
            ("/a%00b%0Ac", "a-b-c.txt"),
            ("/.hidden", "hidden.txt"),
            ("/%2E%2E%5C..%5Cevil", "evil.txt"),
            (f"/{'long' * 100}", f"{'long' * 15}.txt"),
        ],
    )
    def test_a_name_is_the_last_part_of_the_path_made_safe(
        self, site: Site, path: str, name: str
    ) -> None:
        site.routes[path] = Reply()
        assert fetch(site.url + path).name == PurePosixPath(name)

    @pytest.mark.parametrize("path", ["", "/", "/?page=2", "/.txt"])
    def test_without_a_path_the_host_is_the_name(
        self, site: Site, internet: Internet, path: str
    ) -> None:
        internet.host(site)
        site.routes["/.txt"] = Reply()
        assert web.fetch(f"http://harbour.test{path}").name == PurePosixPath("harbour.test.txt")

    def test_blanks_around_an_address_do_not_matter(self, site: Site) -> None:
        assert fetch(f" {site.url}/\n").url == f"{site.url}/"

    def test_the_query_is_sent_and_kept_and_the_fragment_is_neither(self, site: Site) -> None:
        assert fetch(f"{site.url}/?a=b%20c&d#part").url == f"{site.url}/?a=b%20c&d"
        assert site.requests[0][0] == "/?a=b%20c&d"

    def test_the_server_is_told_who_asks_and_for_what(self, site: Site) -> None:
        fetch(site.url)
        [(_, sent)] = site.requests
        expected = f"footnote/{version('footnote-bot')} (+https://pypi.org/project/footnote-bot/)"
        assert sent["User-Agent"] == expected
        assert "text/markdown" in sent["Accept"].split(", ")

    @pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=iso-8859-1"])
    def test_a_document_is_read_with_its_pages(self, site: Site, charset: str) -> None:
        site.routes["/reports/storm%20of%201954.pdf"] = Reply(
            pdf(HARBOUR, "The storm"), f"application/pdf{charset}"
        )
        url = f"{site.url}/reports/storm%20of%201954.pdf"
        found = fetch(url)
        assert found.name == PurePosixPath("storm-of-1954.pdf")
        article = web.article(found, "storm")
        assert (article.title, article.url) == ("The storm", url)
        for number, text in enumerate(HARBOUR, start=1):
            start = article.text.index(text)
            assert Span(article, start, start + len(text)).page == number

    def test_a_damaged_document_is_told_of_by_its_name(self, site: Site) -> None:
        site.routes["/report.docx"] = Reply(b"PK", DOCX)
        with pytest.raises(SourceError, match=r"^report\.docx is damaged \(.*\); save it anew"):
            read(f"{site.url}/report.docx")

    def test_a_packed_page_is_unpacked(self, site: Site) -> None:
        site.routes["/"] = Reply(gzip.compress(b"It rained."), headers={"Content-Encoding": "gzip"})
        assert fetch(site.url).data == b"It rained."

    def test_a_proxy_that_the_environment_names_is_not_used(
        self, site: Site, internet: Internet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        internet.host(site)
        web.fetch("http://harbour.test/")
        assert internet.dialled == [(PUBLIC, 80)]


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_they_are_followed_and_the_last_address_is_kept(self, site: Site, status: int) -> None:
        site.routes["/old/a"] = Reply(status=status, headers={"Location": "../new?b#c"})
        site.routes["/new"] = Reply(b"It rained.")
        page = fetch(f"{site.url}/old/a")
        assert (page.url, page.data) == (f"{site.url}/new?b", b"It rained.")
        assert page.name == PurePosixPath("new.txt")

    def test_five_are_followed_and_six_are_not(self, site: Site) -> None:
        for n in range(6):
            site.routes[f"/{n}"] = Reply(status=302, headers={"Location": f"/{n + 1}"})
        site.routes["/6"] = Reply(b"It rained.")
        assert fetch(f"{site.url}/1").data == b"It rained."
        assert "leads on more than 5 times; give the last address" in refusal(f"{site.url}/0")

    def test_a_circle_ends(self, site: Site) -> None:
        site.routes["/a"] = Reply(status=301, headers={"Location": "/a"})
        assert "leads on more than 5 times" in refusal(f"{site.url}/a")
        assert len(site.requests) == 6

    @pytest.mark.parametrize(
        "target",
        [
            "file:///etc/passwd",
            "ftp://harbour.test/a",
            "javascript:alert(1)",
            "data:text/plain,It%20rained.",
            "mailto:mayor@harbour.test",
            "http://[harbour.test]/",
            "http://harbour.test:99999/",
            "http://user:secret@harbour.test/",
        ],
    )
    def test_what_is_no_web_address_is_not_followed(self, site: Site, target: str) -> None:
        site.routes["/a"] = Reply(status=302, headers={"Location": target})
        assert "leads on to what is no web address; give that of the page" in refusal(
            f"{site.url}/a"
        )
        assert len(site.requests) == 1

    def test_one_that_leads_nowhere_is_refused(self, site: Site) -> None:
        site.routes["/a"] = Reply(status=302)
        assert "(status 302)" in refusal(f"{site.url}/a")


class TestCharacterSets:
    @pytest.mark.parametrize(
        ("charset", "encoding"),
        [
            ("windows-1252", "cp1252"),
            ('"Windows-1252"', "cp1252"),
            ("iso-8859-1", "cp1252"),
            ("latin1", "cp1252"),
            ("iso-8859-15", "iso8859-15"),
            ("utf-16", "utf-16-le"),
            ("utf-16be", "utf-16-be"),
            ("utf-16", "utf-16"),
            ("utf-8", "utf-8"),
            ("UTF8", "utf-8-sig"),
            ("us-ascii", "utf-8"),
            ("iso-8859-1", "utf-8-sig"),
            ("nonsense", "utf-8-sig"),
        ],
    )
    def test_text_is_read_in_the_one_that_its_mark_or_else_its_server_names(
        self, site: Site, charset: str, encoding: str
    ) -> None:
        text = "Café at 5 €: déjà vu."
        site.routes["/"] = Reply(text.encode(encoding), f"text/plain; charset={charset}")
        assert read(site.url).text == text

    @pytest.mark.parametrize(
        ("charset", "encoding", "text"),
        [
            ("koi8-r", "koi8-r", "Шёл дождь."),
            ("windows-1251", "cp1251", "Шёл дождь."),
            ("Shift_JIS", "cp932", "①雨が降った。"),
            ("EUC-JP", "euc_jp", "雨が降った。"),
            ("iso-2022-jp", "iso2022_jp", "雨が降った。"),
            ("gb2312", "gb18030", "朱镕基说下雨了。"),
            ("big5", "big5", "下雨了。"),
            ("euc-kr", "cp949", "뷁 비가 왔다."),
        ],
    )
    def test_other_scripts_too(self, site: Site, charset: str, encoding: str, text: str) -> None:
        site.routes["/"] = Reply(text.encode(encoding), f"text/plain; charset={charset}")
        assert read(site.url).text == text

    def test_where_none_is_named_text_is_utf_8(self, site: Site) -> None:
        site.routes["/"] = Reply("Café.".encode(), "text/plain")
        assert read(site.url).text == "Café."
        site.routes["/"] = Reply("Café.".encode("cp1252"), "text/plain")
        with pytest.raises(SourceError, match="is not valid UTF-8"):
            read(site.url)

    @pytest.mark.parametrize("head", ["", '<meta charset="utf-8">', '<meta charset="iso-8859-5">'])
    def test_in_a_page_the_server_outranks_what_the_page_says(self, site: Site, head: str) -> None:
        page = STORY.format(head=head).encode("cp1252")
        site.routes["/"] = Reply(page, "text/html; charset=iso-8859-1")
        assert (
            "The “new harbour” opens on Friday, said the mayor at the café" in read(site.url).text
        )

    def test_a_page_may_name_its_own(self, site: Site) -> None:
        page = STORY.format(head='<meta charset="windows-1252">').encode("cp1252")
        site.routes["/"] = Reply(page, "text/html")
        assert "the mayor at the café beside" in read(site.url).text

    @pytest.mark.parametrize(
        "charset", ["nonsense", "unicode_escape", "punycode", "idna", "utf-7", "rot13", "zip"]
    )
    def test_one_that_is_not_known_is_refused(self, site: Site, charset: str) -> None:
        site.routes["/"] = Reply(b"It rained.", f"text/plain; charset={charset}")
        message = refusal(site.url)
        assert f"cannot be read as {charset}, which its server names; save it as UTF-8" in message

    @pytest.mark.parametrize(("charset", "data"), [("utf-16", b"\0\xd8"), ("euc-jp", b"\xff\xff")])
    def test_bytes_that_are_not_in_it_are_refused(
        self, site: Site, charset: str, data: bytes
    ) -> None:
        site.routes["/"] = Reply(data, f"text/plain; charset={charset}")
        assert f"cannot be read as {charset}" in refusal(site.url)


class TestTheArticle:
    def test_a_page_is_read_as_an_article_without_a_path(self, site: Site) -> None:
        site.routes["/harbour"] = Reply(STORY.format(head="").encode(), "text/html")
        article = read(f"{site.url}/harbour#top")
        assert article.id == "the id"
        assert article.title == "The harbour opens"
        assert "the first ferry sails at noon" in " ".join(article.text.split())
        assert (article.url, article.path) == (f"{site.url}/harbour", None)

    def test_a_text_without_a_headline_is_called_by_its_name(self, site: Site) -> None:
        site.routes["/morning-news.txt"] = Reply(b"It rained.")
        assert read(f"{site.url}/morning-news.txt").title == "morning-news"

    def test_its_url_is_where_it_was_found_after_redirects(self, site: Site) -> None:
        site.routes["/old"] = Reply(status=301, headers={"Location": "/"})
        assert read(f"{site.url}/old").url == f"{site.url}/"

    def test_an_address_that_the_page_names_on_its_own_site_is_taken(
        self, site: Site, internet: Internet
    ) -> None:
        internet.host(site)
        head = '<link rel="canonical" href="http://harbour.test/news/harbour">'
        site.routes["/"] = Reply(STORY.format(head=head).encode(), "text/html")
        article = web.article(web.fetch("http://harbour.test/?from=mail"), "the id")
        assert article.url == "http://harbour.test/news/harbour"

    @pytest.mark.parametrize(
        ("named", "url"),
        [
            ("http://HARBOUR.test:80/news#top", "http://harbour.test/news"),
            ("https://harbour.test/news", None),
            ("http://other.test/news", None),
            ("//other.test/news", None),
            ("http://harbour.test.other.test/", None),
            ("http://harbour.test:8080/news", None),
            ("http://harbour.test@other.test/", None),
            ("http://other.test\\\\@harbour.test/", None),
            ("http://user:secret@harbour.test/news", None),
            ("http://[/", None),
            ("/news", None),
            ("javascript:alert(1)//harbour.test", None),
            ("data:text/html,harbour.test", None),
            ("", None),
        ],
    )
    def test_no_page_can_make_its_citations_point_elsewhere(
        self, site: Site, internet: Internet, named: str, url: str | None
    ) -> None:
        internet.host(site)
        site.routes["/a"] = Reply(f'---\nurl: "{named}"\n---\nIt rained.'.encode(), "text/markdown")
        assert web.article(web.fetch("http://harbour.test/a"), "the id").url == (
            url or "http://harbour.test/a"
        )

    def test_a_page_without_an_article_is_refused_with_a_remedy(self, site: Site) -> None:
        site.routes["/a"] = Reply(b"<html></html>", "text/html")
        with pytest.raises(SourceError, match=r"^a\.html holds no article .* as \.txt\.$"):
            read(f"{site.url}/a")


class TestOnlyThePublicInternet:
    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "0.0.0.0",  # noqa: S104
            "0",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0x7F.0.0.1",
            "017700000001",
            "0xa9fea9fe",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::169.254.169.254]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:a9fe:a9fe::1]",
            "[2001:0:7f00:1::]",
            "[2001:0:4136:e378:8000:63bf:f5ff:fffe]",
            "[2001:20::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[ff0e::1]",
            "[100::1]",
            "[5f00::1]",
        ],
    )
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_an_address_that_is_not_public_is_refused_before_it_is_called(
        self, internet: Internet, scheme: str, host: str
    ) -> None:
        message = refusal(f"{scheme}://{host}:8000/a", allow_private=False)
        assert message.endswith("is not on the public internet; save the page and add the file.")
        assert internet.dialled == []

    @pytest.mark.parametrize(
        "host", ["0177.0.0.1", "127.000.000.001", "010.0.0.1", "256.0.0.1", "[::1", "[127.0.0.1]"]
    )
    def test_an_address_that_can_be_read_in_two_ways_is_refused(
        self, internet: Internet, host: str
    ) -> None:
        assert "is no web address" in refusal(f"http://{host}/", allow_private=False)
        assert internet.dialled == []

    @pytest.mark.parametrize(
        ("host", "dialled"),
        [
            (PUBLIC, PUBLIC),
            ("1572395042", PUBLIC),
            (f"[{PUBLIC_TOO}]", PUBLIC_TOO),
            ("[64:ff9b::5db8:d822]", "64:ff9b::5db8:d822"),
            ("[::ffff:93.184.216.34]", "::ffff:5db8:d822"),
        ],
    )
    def test_a_public_address_is_visited(
        self, internet: Internet, site: Site, host: str, dialled: str
    ) -> None:
        internet.wires[dialled, 8000] = site.server_port
        assert web.fetch(f"http://{host}:8000/").data == TEXT.encode()
        assert internet.dialled == [(dialled, 8000)]
        assert site.requests[0][1]["Host"] == f"{host}:8000"

    @pytest.mark.parametrize(
        "answer",
        [
            ["10.1.2.3"],
            ["fd00::3"],
            ["::ffff:10.1.2.3"],
            [PUBLIC, "10.1.2.3"],
            ["10.1.2.3", PUBLIC],
            [PUBLIC_TOO, PUBLIC, "fe80::1"],
        ],
    )
    def test_a_name_with_any_address_that_is_not_public_is_refused_and_no_address_told(
        self, internet: Internet, answer: list[str]
    ) -> None:
        internet.names["harbour.test"] = [answer]
        message = refusal("http://harbour.test/", allow_private=False)
        assert message.startswith("http://harbour.test/ is not on the public internet")
        assert not [address for address in answer if address in message]
        assert internet.dialled == []

    def test_a_name_that_changes_its_address_is_visited_only_where_it_was_checked(
        self, internet: Internet, site: Site, inner_site: Site
    ) -> None:
        port = inner_site.server_port
        internet.host(site, port=port)
        internet.names["harbour.test"] = [[PUBLIC], ["127.0.0.1"]]
        assert web.fetch(f"http://harbour.test:{port}/").data == TEXT.encode()
        assert internet.dialled == [(PUBLIC, port)]
        assert inner_site.requests == []

    def test_a_name_that_changes_its_address_before_a_redirect_is_checked_again(
        self, internet: Internet, site: Site, inner_site: Site
    ) -> None:
        port = inner_site.server_port
        internet.host(site, port=port)
        internet.names["harbour.test"] = [[PUBLIC], ["127.0.0.1"]]
        site.routes["/a"] = Reply(status=302, headers={"Location": "/"})
        url = f"http://harbour.test:{port}/a"
        assert "is not on the public internet" in refusal(url, allow_private=False)
        assert internet.dialled == [(PUBLIC, port)]
        assert inner_site.requests == []

    @pytest.mark.parametrize(
        "target",
        [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://169.254.169.254/latest/meta-data/",
            "//10.1.2.3/",
            "http://2130706433/",
            "https://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://inner.test/",
        ],
    )
    def test_a_redirect_to_a_private_address_is_refused(
        self, internet: Internet, site: Site, target: str
    ) -> None:
        internet.host(site)
        internet.names["inner.test"] = [["10.1.2.3"]]
        site.routes["/a"] = Reply(status=302, headers={"Location": target})
        message = refusal("http://harbour.test/a", allow_private=False)
        assert message.startswith("http://harbour.test/a is not on the public internet")
        assert "10.1.2.3" not in message
        assert internet.dialled == [(PUBLIC, 80)]

    def test_a_redirect_to_a_private_address_is_refused_at_any_hop(
        self, internet: Internet, site: Site, inner_site: Site
    ) -> None:
        internet.host(site)
        site.routes["/a"] = Reply(status=302, headers={"Location": "/b"})
        site.routes["/b"] = Reply(status=302, headers={"Location": f"{inner_site.url}/"})
        message = refusal("http://harbour.test/a", allow_private=False)
        assert "is not on the public internet" in message
        assert inner_site.requests == []

    def test_a_private_address_may_be_allowed(self, site: Site) -> None:
        assert "is not on the public internet" in refusal(site.url, allow_private=False)
        assert site.requests == []
        assert web.fetch(site.url, allow_private=True).data == TEXT.encode()

    def test_where_the_first_address_is_silent_the_next_is_tried(
        self, internet: Internet, site: Site
    ) -> None:
        internet.host(site)
        internet.names["harbour.test"] = [[PUBLIC_TOO, PUBLIC]]
        assert web.fetch("http://harbour.test/").data == TEXT.encode()
        assert internet.dialled == [(PUBLIC_TOO, 80), (PUBLIC, 80)]

    @pytest.mark.usefixtures("trusted")
    def test_a_checked_address_is_still_asked_for_the_host_by_name(
        self, internet: Internet, secure_site: Site, names_asked_for: list[str]
    ) -> None:
        internet.host(secure_site, port=443)
        assert web.fetch("https://harbour.test/").data == TEXT.encode()
        assert internet.dialled == [(PUBLIC, 443)]
        assert names_asked_for == ["harbour.test"]
        assert secure_site.requests[0][1]["Host"] == "harbour.test"


class TestLimits:
    def test_the_largest_page_is_read_and_a_larger_one_is_not(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(articles, "MAX_BYTES", 1_000_000)
        packed = {"Content-Encoding": "gzip"}
        site.routes["/"] = Reply(b"x" * 1_000_000)
        site.routes["/packed"] = Reply(gzip.compress(b"x" * 1_000_000), headers=packed)
        assert len(fetch(site.url).data) == len(fetch(f"{site.url}/packed").data) == 1_000_000
        site.routes["/"] = Reply(b"x" * 1_000_001)
        site.routes["/packed"] = Reply(gzip.compress(b"x" * 1_000_001), headers=packed)
        for url in (site.url, f"{site.url}/packed"):
            assert "has more than 1 MB; save it, split it and add the files." in refusal(url)

    def test_a_page_without_end_is_cut_off(self, site: Site) -> None:
        sent = 0

        def pour(handler: Handler) -> None:
            nonlocal sent
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.end_headers()
            while not site.closing.is_set():
                sent += handler.wfile.write(b"x" * 100_000)

        site.routes["/"] = pour
        assert "has more than 10 MB" in refusal(site.url)
        assert sent < 4 * articles.MAX_BYTES

    def test_a_page_that_would_unpack_to_far_more_is_not_unpacked(self, site: Site) -> None:
        packer = zlib.compressobj(9, wbits=31)
        zeros = bytes(1_000_000)
        bomb = b"".join([*(packer.compress(zeros) for _ in range(200)), packer.flush()])
        site.routes["/"] = Reply(bomb, headers={"Content-Encoding": "gzip"})
        tracemalloc.start()
        try:
            message = refusal(site.url)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert "has more than 10 MB" in message
        assert most < 40_000_000

    @pytest.mark.parametrize("packing", ["gzip, gzip", "br", "zstd", "deflate", "compress"])
    def test_a_packing_that_was_not_asked_for_is_refused(self, site: Site, packing: str) -> None:
        site.routes["/"] = Reply(headers={"Content-Encoding": packing})
        assert "comes packed as was not asked for; save the page" in refusal(site.url)
        assert site.requests[0][1]["Accept-Encoding"] == "gzip"

    @pytest.mark.parametrize("beginning", ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"])
    def test_a_server_that_sends_a_byte_now_and_then_is_left(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, beginning: str
    ) -> None:
        def drip(handler: Handler) -> None:
            head = beginning.replace("\r\n\r\n", "\r\nContent-Type: text/plain\r\n\r\n")
            handler.wfile.write(head.encode())
            while not site.closing.wait(0.02):
                handler.wfile.write(b"x")

        site.routes["/"] = drip
        monkeypatch.setitem(network.SECONDS, "all", 0.5)
        started = time.monotonic()
        assert "took too long to answer; try again later" in refusal(site.url)
        assert 0.4 < time.monotonic() - started < 5

    def test_a_server_that_says_nothing_is_left(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.routes["/"] = lambda _: site.closing.wait(20)
        monkeypatch.setitem(network.SECONDS, "read", 0.2)
        started = time.monotonic()
        assert "took too long to answer" in refusal(site.url)
        assert time.monotonic() - started < 5

    def test_all_redirects_together_have_the_time_of_one_visit(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dawdle(handler: Handler) -> None:
            time.sleep(0.3)
            handler.send_response(302)
            handler.send_header("Location", "/")
            handler.end_headers()

        site.routes["/"] = dawdle
        monkeypatch.setitem(network.SECONDS, "all", 0.5)
        assert "took too long to answer" in refusal(site.url)
        assert len(site.requests) == 2

    def test_a_name_that_is_looked_up_too_long_is_left(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(20) and [])
        monkeypatch.setitem(network.SECONDS, "all", 0.2)
        started = time.monotonic()
        try:
            assert "took too long to answer" in refusal("http://harbour.test/")
        finally:
            done.set()
        assert time.monotonic() - started < 5

    def test_a_connection_is_waited_for_five_seconds_and_no_longer_than_is_left(
        self, internet: Internet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refusal(f"http://{PUBLIC}/", allow_private=False)
        monkeypatch.setitem(network.SECONDS, "all", 2.0)
        refusal(f"http://{PUBLIC}/", allow_private=False)
        assert internet.patience[0] == 5
        assert 0 < internet.patience[1] <= 2


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "harbour",
            "harbour.test/a",
            "//harbour.test/a",
            "file:///etc/passwd",
            "ftp://harbour.test/a",
            "data:text/plain,It%20rained.",
            "javascript:alert(1)",
            "gopher://harbour.test/",
            "http:///a",
            "http://:80/",
            "http:harbour.test",
            "http://harbour.test:0/",
            "http://harbour.test:65536/",
            "http://harbour.test:-1/",
            "http://harbour.test:port/",
            "http://[harbour.test]/",
            "http://harbour.test/a\nb",
            "http://harb☃ur.test/",
            f"http://{'h' * 64}.test/",
            "http://harbour..test/",
            f"http://harbour.test/{'a' * 70_000}",
        ],
    )
    def test_what_is_no_web_address(self, internet: Internet, url: str) -> None:
        message = refusal(url)
        assert message.endswith("is no web address; write one like https://example.org/page.")
        assert len(message) < 300
        assert internet.dialled == []

    @pytest.mark.parametrize(
        "url",
        [
            "http://user:secret@harbour.test/",
            "http://secret@harbour.test/",
            "http://us@er:secret@harbour.test/",
        ],
    )
    def test_an_address_with_a_password_which_is_not_repeated(
        self, internet: Internet, url: str
    ) -> None:
        message = refusal(url)
        assert "has a user name or a password before its host; leave that out." in message
        assert "secret" not in message
        assert internet.dialled == []

    def test_a_host_that_is_not_known(self) -> None:
        message = refusal("https://harbour.invalid/a", allow_private=False)
        assert message == (
            "https://harbour.invalid/a has a host that cannot be found; check its spelling."
        )

    def test_a_host_that_takes_no_connection(self, internet: Internet) -> None:
        assert "takes no connection; check the address" in refusal(f"http://{PUBLIC}/")
        assert internet.dialled == [(PUBLIC, 80)]

    def test_a_certificate_that_is_not_trusted_whatever_the_environment_says(
        self,
        internet: Internet,
        secure_site: Site,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        internet.host(secure_site, port=443)
        message = refusal("https://harbour.test/", allow_private=False)
        assert "has no secure connection that can be trusted; check the address." in message
        assert secure_site.requests == []

    @pytest.mark.usefixtures("trusted")
    def test_a_certificate_of_another_host(self, internet: Internet, secure_site: Site) -> None:
        internet.host(secure_site, port=443)
        internet.names["other.test"] = [[PUBLIC]]
        message = refusal("https://other.test/", allow_private=False)
        assert "has no secure connection that can be trusted" in message

    def test_a_host_that_speaks_no_tls(self, site: Site) -> None:
        message = refusal(site.url.replace("http:", "https:"))
        assert "has no secure connection that can be trusted" in message

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (404, "was not found (status 404); check the address."),
            (410, "was not found (status 410); check the address."),
            (401, "is not given to programs (status 401); save it in a browser and add the file."),
            (403, "is not given to programs (status 403); save it in a browser and add the file."),
            (429, "cannot be had just now (status 429); try again later."),
            (500, "cannot be had just now (status 500); try again later."),
            (503, "cannot be had just now (status 503); try again later."),
            (204, "is not given to programs (status 204)"),
            (206, "is not given to programs (status 206)"),
        ],
    )
    def test_an_answer_that_is_not_the_page(self, site: Site, status: int, expected: str) -> None:
        site.routes["/a"] = Reply(b"", status=status)
        assert f"{site.url}/a {expected}" in refusal(f"{site.url}/a")

    @pytest.mark.parametrize(
        ("kind", "shown"),
        [
            ("application/zip", "application/zip"),
            ("image/svg+xml; charset=utf-8", "image/svg+xml"),
            ("text/css", "text/css"),
            ("application/json", "application/json"),
            (None, "of an unknown type"),
            ("", "of an unknown type"),
            ("text", "of an unknown type"),
            ("text/html, text/plain", "of an unknown type"),
            ("@everyone/<script>", "of an unknown type"),
        ],
    )
    def test_what_is_no_text(self, site: Site, kind: str | None, shown: str) -> None:
        site.routes["/"] = Reply(kind=kind)
        message = refusal(site.url)
        assert f" is {shown}; give the address of a web page, a text or a document." in message

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"", id="none"),
            pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
            pytest.param(b"HTTP/1.1 200 OK\r\n", id="half a head"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nIt",
                id="less than was announced",
            ),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"
                b"\r\nno length",
                id="a chunk without a length",
            ),
            pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, id="an endless head"),
        ],
    )
    def test_an_answer_that_is_broken(self, site: Site, answer: bytes) -> None:
        site.routes["/"] = lambda handler: handler.wfile.write(answer)
        assert "gave a broken answer; try again later" in refusal(site.url)

    @pytest.mark.parametrize(
        "packed",
        [
            pytest.param(b"It rained.", id="not packed"),
            pytest.param(b"", id="empty"),
            pytest.param(gzip.compress(TEXT.encode())[:-9], id="cut short"),
            pytest.param(gzip.compress(b"a") * 2, id="more after the end"),
        ],
    )
    def test_a_page_whose_packing_is_broken(self, site: Site, packed: bytes) -> None:
        site.routes["/"] = Reply(packed, headers={"Content-Encoding": "gzip"})
        assert "gave a broken answer" in refusal(site.url)

    def test_a_message_steers_no_terminal(self) -> None:
        message = refusal("http://harbour.test/\x1b[31m\n[2] forged")
        assert message.startswith("http://harbour.test/[31m [2] forged is no web address")


class TestWhateverComes:
    @settings(max_examples=200)
    @given(st.text() | st.builds("{}://{}".format, st.sampled_from(("http", "HTTPS")), st.text()))
    @example("http://xn--a/")
    @example("http://xn--\xfc.test/")
    @example("http://.test/")
    @example("https://.harbour.test/")
    @example("http://\u0661\u0662\u0667.0.0.1/")
    @example("http://127\u30020\u30020\u30021/")
    @example("http://\uff11\uff12\uff17.0.0.1/")
    @example("http://harbour.test:\u0668\u0660/")
    @example("http://%31%32%37.0.0.1/")
    @example("http://127.0.0.1%00.harbour.test/")
    @example("http://\ud800/\ud800")
    def test_no_address_raises_anything_but_a_source_error(self, url: str) -> None:
        with pytest.raises(SourceError):
            web.fetch(url)

    @settings(max_examples=60)
    @given(
        st.sampled_from(
            (
                b"",
                b"HTTP/1.1 ",
                b"HTTP/1.1 302 Found\r\nLocation: ",
                b"HTTP/1.1 302 Found\r\nLocation: http://",
                b"HTTP/1.1 200 OK\r\nContent-Type: ",
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=",
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n",
            )
        ),
        st.binary(max_size=50),
        st.sampled_from((b"", b"\r\n\r\n", b"\r\n\r\nIt rained.")),
    )
    def test_no_answer_raises_anything_but_a_source_error(
        self, start: bytes, middle: bytes, end: bytes
    ) -> None:
        for site in serving(Site()):
            site.routes["/"] = lambda handler: handler.wfile.write(start + middle + end)
            try:
                page = fetch(site.url)
            except SourceError:
                continue
            assert page.name.suffix in {".html", ".txt", ".md"}
