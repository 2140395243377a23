"""A guest of the web keeps to the rules of each site, comes slowly, and asks for news only."""

from __future__ import annotations

import pytest

from retrieval import network, visits
from retrieval.errors import GoneError, LaterError, SourceError
from retrieval.responses import Validators
from retrieval.visits import Visitor
from tests.sites import PUBLIC, TEXT, Internet, Reply, Site


class Clock:
    """Seconds that pass when somebody sleeps; nobody else has to wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visitor(clock: Clock) -> Visitor:
    return Visitor(allow_private=True, clock=clock, sleep=clock.sleep)


def rules(text: str) -> Reply:
    return Reply(text.encode())


class TestRules:
    def test_a_page_that_the_rules_forbid_is_not_visited(
        self, site: Site, visitor: Visitor
    ) -> None:
        site.routes["/robots.txt"] = rules("User-agent: *\nDisallow: /private/\n")
        site.routes["/private/a"] = Reply()
        with pytest.raises(SourceError, match=r"/private/a may not be visited .*robots\.txt; save"):
            visitor.fetch(f"{site.url}/private/a")
        assert visitor.fetch(f"{site.url}/").data == TEXT.encode()
        assert site.visited == ["/robots.txt", "/"]

    def test_rules_for_us_by_name_count_before_those_for_all(
        self, site: Site, visitor: Visitor
    ) -> None:
        site.routes["/robots.txt"] = rules(
            "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: Footnote\nDisallow: /a$\n"
        )
        site.routes["/a"] = site.routes["/ab"] = Reply()
        with pytest.raises(SourceError, match="may not be visited"):
            visitor.fetch(f"{site.url}/a")
        assert visitor.fetch(f"{site.url}/ab")

    def test_rules_for_others_are_not_for_us(self, site: Site, visitor: Visitor) -> None:
        site.routes["/robots.txt"] = rules("User-agent: otherbot\nDisallow: /\n")
        assert visitor.fetch(site.url)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_a_site_without_rules_may_be_visited(
        self, site: Site, visitor: Visitor, status: int
    ) -> None:
        site.routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", status=status)
        assert visitor.fetch(site.url)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_site_whose_rules_cannot_be_known_is_left_for_later(
        self, site: Site, visitor: Visitor, status: int
    ) -> None:
        site.routes["/robots.txt"] = Reply(status=status)
        for _ in range(3):
            with pytest.raises(LaterError, match=rf"/ cannot be had just now \(status {status}\)"):
                visitor.fetch(f"{site.url}/")
        assert site.visited == ["/robots.txt"]

    def test_rules_are_read_once_in_a_run_from_each_site(
        self, site: Site, inner_site: Site, visitor: Visitor
    ) -> None:
        for _ in range(3):
            visitor.fetch(site.url)
            visitor.fetch(inner_site.url)
        for one in (site, inner_site):
            assert one.visited.count("/robots.txt") == 1

    def test_a_redirect_keeps_to_the_rules_of_where_it_leads(
        self, site: Site, inner_site: Site, visitor: Visitor
    ) -> None:
        site.routes["/a"] = Reply(status=302, headers={"Location": f"{inner_site.url}/b"})
        inner_site.routes["/robots.txt"] = rules("User-agent: *\nDisallow: /b\n")
        inner_site.routes["/b"] = Reply()
        with pytest.raises(SourceError, match="/a may not be visited"):
            visitor.fetch(f"{site.url}/a")
        assert inner_site.visited == ["/robots.txt"]

    def test_endless_rules_are_read_as_far_as_half_a_megabyte(
        self, site: Site, visitor: Visitor
    ) -> None:
        filling = b"Allow: /x\n" * 60_000
        site.routes["/robots.txt"] = Reply(
            b"User-agent: *\nDisallow: /a\n" + filling + b"Disallow: /\n"
        )
        assert visitor.fetch(site.url)
        with pytest.raises(SourceError, match="may not be visited"):
            visitor.fetch(f"{site.url}/a")

    def test_thousands_of_agents_with_thousands_of_rules_are_soon_read(
        self, site: Site, visitor: Visitor
    ) -> None:
        agents = "".join(f"User-agent: a{n}\n" for n in range(12_000))
        site.routes["/robots.txt"] = rules(agents + "Disallow: /a\n" * 20_000)
        assert visitor.fetch(site.url)

    @pytest.mark.parametrize(
        "text", ["", "\0\0", "Disallow", "User-agent\nDisallow: /%zz", "<html>", "a:" * 9999]
    )
    def test_rules_that_are_none_forbid_nothing(
        self, site: Site, visitor: Visitor, text: str
    ) -> None:
        site.routes["/robots.txt"] = rules(text)
        assert visitor.fetch(site.url)

    def test_a_site_that_is_not_public_is_not_even_asked_for_its_rules(
        self, internet: Internet, site: Site
    ) -> None:
        with pytest.raises(SourceError, match="is not on the public internet"):
            Visitor().fetch(site.url)
        assert internet.dialled == []

    def test_rules_that_lead_to_a_private_address_are_not_read(
        self, internet: Internet, site: Site, inner_site: Site
    ) -> None:
        internet.host(site)
        there = f"{inner_site.url}/robots.txt"
        site.routes["/robots.txt"] = Reply(status=302, headers={"Location": there})
        with pytest.raises(SourceError, match=r"^http://harbour\.test/ is not on the public"):
            Visitor().fetch("http://harbour.test/")
        assert internet.dialled == [(PUBLIC, 80)]
        assert inner_site.requests == []


class TestRate:
    def test_a_host_is_visited_once_a_second(
        self, site: Site, visitor: Visitor, clock: Clock
    ) -> None:
        for _ in range(3):
            visitor.fetch(site.url)
        assert clock.slept == [1, 1]

    def test_time_that_has_passed_is_not_waited_for_again(
        self, site: Site, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.fetch(site.url)
        clock.now += 0.75
        visitor.fetch(site.url)
        clock.now += 60
        visitor.fetch(site.url)
        assert clock.slept == [0.25]

    def test_a_redirect_within_a_host_waits_too(
        self, site: Site, visitor: Visitor, clock: Clock
    ) -> None:
        site.routes["/a"] = Reply(status=302, headers={"Location": "/"})
        visitor.fetch(f"{site.url}/a")
        assert clock.slept == [1]

    def test_other_hosts_are_not_waited_for(
        self, internet: Internet, site: Site, visitor: Visitor, clock: Clock
    ) -> None:
        internet.host(site)
        visitor.fetch(site.url)
        visitor.fetch("http://harbour.test/")
        assert clock.slept == []

    @pytest.mark.parametrize(
        ("asked", "kept"), [("3", 3), ("0.1", 1), ("3600", 5), ("nan", 1), ("inf", 1), ("-1", 1)]
    )
    def test_a_site_may_ask_for_more_time_but_not_for_all(
        self, site: Site, visitor: Visitor, clock: Clock, asked: str, kept: float
    ) -> None:
        site.routes["/robots.txt"] = rules(f"User-agent: *\nCrawl-delay: {asked}\n")
        visitor.fetch(site.url)
        visitor.fetch(site.url)
        assert clock.slept == [kept]

    def test_a_run_comes_to_an_end(self, site: Site, visitor: Visitor, clock: Clock) -> None:
        visitor.fetch(site.url)
        clock.now += visits.MOST_SECONDS
        assert visitor.is_over
        with pytest.raises(LaterError, match="was left for the next run"):
            visitor.fetch(site.url)


class TestWhatIsKnownAlready:
    @pytest.mark.parametrize(
        ("header", "value"),
        [("ETag", '"v1"'), ("ETag", 'W/"v1"'), ("Last-Modified", "Fri, 03 May 2024 10:00:00 GMT")],
    )
    def test_a_page_that_is_as_it_was_is_not_sent_again(
        self, site: Site, visitor: Visitor, header: str, value: str
    ) -> None:
        site.routes["/"] = Reply(headers={header: value})
        page = visitor.revisit(site.url)
        assert page is not None
        assert value in {page.validators.etag, page.validators.modified}
        assert visitor.revisit(site.url, page.validators) is None
        site.routes["/"] = Reply(b"It rained.", headers={header: "another"})
        again = visitor.revisit(site.url, page.validators)
        assert again is not None
        assert again.data == b"It rained."

    def test_an_answer_that_nothing_has_changed_is_believed_only_where_that_was_asked(
        self, site: Site, visitor: Visitor
    ) -> None:
        site.routes["/"] = Reply(b"", status=304)
        with pytest.raises(SourceError, match="status 304"):
            visitor.revisit(site.url)

    def test_what_a_server_says_of_a_page_can_break_no_request(
        self, site: Site, visitor: Visitor
    ) -> None:
        site.routes["/"] = Reply(headers={"ETag": "x" * 501, "Last-Modified": "caf\xe9"})
        page = visitor.revisit(site.url)
        assert page is not None
        assert page.validators == Validators()

    def test_what_is_gone_is_told_from_what_may_come_back(
        self, site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for status in (404, 410):
            site.routes["/a"] = Reply(status=status)
            with pytest.raises(GoneError):
                visitor.fetch(f"{site.url}/a")
        for status in (429, 500):
            site.routes["/a"] = Reply(status=status)
            with pytest.raises(LaterError):
                visitor.fetch(f"{site.url}/a")
        site.routes["/a"] = lambda _: site.closing.wait(20)
        monkeypatch.setitem(network.SECONDS, "read", 0.2)
        with pytest.raises(LaterError):
            visitor.fetch(f"{site.url}/a")
