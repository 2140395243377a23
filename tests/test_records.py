"""What the bot keeps of answers, votes and settings."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.records import Records
from bot.schema import Rules
from retrieval.errors import LibraryError
from retrieval.sqlite import File
from retrieval.types import Answer, Article, Citation, Statement
from tests.keeping import Keeping

ARTICLE = Article(id="rain", title="Rain", text="It rained for 3 days.", published=date(2024, 5, 3))


def answer(question: str = "how long did it rain?") -> Answer:
    return Answer(
        question,
        short="3 days",
        statements=(Statement("It rained for 3 days.", (1,)),),
        citations=(Citation(ARTICLE, 0, 21, 1),),
    )


@pytest.fixture
def open_records(tmp_path: Path, keeping: Keeping) -> Iterator[Callable[[], Records]]:
    opened: list[Records] = []

    def opener() -> Records:
        opened.append(Records(keeping.records(tmp_path / "kept")))
        return opened[-1]

    yield opener
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[[], Records]) -> Records:
    return open_records()


def said(records: Records, *where: str | None, most: int = 10) -> list[str]:
    server, place, after = where
    return [one.question for one in records.said(server, place, after, most)]


def test_an_answer_follows_on_those_before_it_in_its_place(records: Records) -> None:
    first = records.keep(answer("1"), "77", "a thread")
    second = records.keep(answer("2"), "77", "a thread", first)
    records.keep(answer("elsewhere"), "77", "another thread", first)
    assert said(records, "77", "a thread", None) == ["1", "2"]
    assert said(records, "77", "a thread", None, most=1) == ["2"]
    assert said(records, "77", None, second) == ["1", "2"]
    assert said(records, "77", "another thread", first) == ["1"]
    assert said(records, "77", None, None) == []


def test_what_was_said_on_one_server_is_not_gone_on_with_on_another(records: Records) -> None:
    theirs = records.keep(answer("theirs"), "78", "a thread")
    ours = records.keep(answer("ours"), "77", "a thread", theirs)
    assert said(records, "77", None, theirs) == []
    assert said(records, "77", None, ours) == ["ours"]


def test_an_answer_that_is_not_kept_any_more_ends_what_was_said(records: Records) -> None:
    last = records.keep(answer("2"), "77", None, "0" * 16)
    assert said(records, "77", None, last) == ["2"]


def test_records_of_the_version_before_conversations_are_gone_on_with(
    open_records: Callable[[], Records],
) -> None:
    before = open_records()
    kept = before.keep(answer("1"), "77")
    with before._database.writing() as connection:
        connection.execute(sa.text("DROP TABLE turns"))
    records = open_records()
    assert said(records, "77", None, kept) == ["1"]
    assert records.keep(answer("2"), "77", None, kept)


def test_an_answer_is_kept_with_the_places_of_its_quotes(
    open_records: Callable[[], Records],
) -> None:
    answer_id = open_records().keep(answer(), "77")
    given = open_records().given(answer_id)
    assert given
    assert (given.server, given.question, given.short) == ("77", "how long did it rain?", "3 days")
    (cited,) = given.citations
    assert (cited.source, cited.version, cited.title) == ("rain", ARTICLE.version, "Rain")
    assert ARTICLE.text[cited.start : cited.end] == "It rained for 3 days."


def test_an_answer_that_is_not_kept_is_none_and_takes_no_vote(records: Records) -> None:
    assert records.given("0" * 16) is None
    assert records.vote("0" * 16, "ann", is_good=True) is None
    assert records.rated() == []


def test_a_person_has_one_vote_on_an_answer(records: Records) -> None:
    answer_id = records.keep(answer(), None)
    assert records.vote(answer_id, "ann", is_good=True) == (1, 0)
    assert records.vote(answer_id, "ann", is_good=False) == (0, 1)
    assert records.vote(answer_id, "bob", is_good=False) == (0, 2)
    assert records.vote(answer_id, "ann", is_good=False) == (0, 1)  # taken back
    assert records.vote(answer_id, "ann", is_good=True) == (1, 1)


def test_votes_on_two_answers_do_not_mix(records: Records) -> None:
    first, second = records.keep(answer(), None), records.keep(answer(), None)
    records.vote(first, "ann", is_good=True)
    assert records.vote(second, "ann", is_good=False) == (0, 1)


def test_votes_cast_at_the_same_time_are_all_counted(records: Records) -> None:
    answer_id = records.keep(answer(), None)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: records.vote(answer_id, f"person {n}", n % 4 > 0), range(40)))
    (rated,) = records.rated()
    assert (rated.good, rated.bad) == (30, 10)


def test_answers_are_listed_worst_first(records: Records) -> None:
    for question, good, bad in (("fine", 3, 0), ("mixed", 2, 2), ("bad", 1, 3), ("poor", 0, 2)):
        answer_id = records.keep(answer(question), "77")
        for person in range(good + bad):
            records.vote(answer_id, str(person), is_good=person < good)
    records.keep(answer("not voted on"), None)
    listed = records.rated()
    assert [(one.question, one.good, one.bad) for one in listed] == [
        ("bad", 1, 3), ("poor", 0, 2), ("mixed", 2, 2), ("fine", 3, 0),
    ]  # fmt: skip
    assert listed[0].text == "It rained for 3 days.[1]"
    assert listed[0].server == "77"


def test_settings_of_servers_are_kept(open_records: Callable[[], Records]) -> None:
    records = open_records()
    assert records.rules() == {}
    records.set_rules("77", Rules(channels=(1, 2), cooldown=0, is_private=True))
    records.set_rules("78", Rules())
    records.set_rules("77", Rules(channels=(3,), has_threads=True))
    assert open_records().rules() == {"77": Rules((3,), None, False, True), "78": Rules()}


def test_a_fact_is_noted_in_place_of_an_earlier_one(records: Records) -> None:
    assert records.fact("commands") is None
    records.note("commands", "a")
    records.note("commands", "b")
    assert records.fact("commands") == "b"


def test_an_old_answer_goes_unless_people_voted_on_it(tmp_path: Path, keeping: Keeping) -> None:
    with closing(Records(keeping.records(tmp_path), days=0)) as records:
        voted = records.keep(answer(), None)
        records.vote(voted, "ann", is_good=False)
        old = records.keep(answer(), None)
        new = records.keep(answer(), None)
        assert records.given(voted)
        assert records.given(old) is None
        assert records.given(new)


def test_what_is_kept_of_a_server_can_be_forgotten(records: Records) -> None:
    ours, theirs = records.keep(answer(), "77"), records.keep(answer(), "78")
    for answer_id in (ours, theirs):
        records.vote(answer_id, "ann", is_good=True)
    records.set_rules("77", Rules(cooldown=9))
    records.forget("77")
    assert records.given(ours) is None
    assert records.given(theirs)
    assert records.rules() == {}
    assert [one.server for one in records.rated()] == ["78"]


def test_no_question_stands_in_an_error(records: Records) -> None:
    with records._database.writing() as connection:
        for table in ("votes", "turns", "answers"):
            connection.execute(sa.text(f"DROP TABLE {table}"))
    asked = answer("is my boss fired?")
    with pytest.raises(LibraryError) as raised:
        records.keep(asked, None)
    shown = "".join(traceback.format_exception(raised.value))
    assert "answers" in shown
    assert "boss" not in shown


def test_a_damaged_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"no database, but long enough to be taken for one" * 99)
    with pytest.raises(LibraryError, match=r"is damaged .*move that file away"):
        Records(File(tmp_path / "bot.db"))
