"""The desk lets questions in one at a time from a person, and a bounded number in all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bot.desk import LONGEST_WAIT, MOST_ARTICLES, Desk, RefusedError


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Work waits on this, and is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


async def test_a_person_asks_one_question_at_a_time() -> None:
    desk = Desk(workers=1, queue=5)
    with desk.admit("ann", 0):
        with pytest.raises(RefusedError, match="one at a time"), desk.admit("ann", 0):
            pass
        with desk.admit("bob", 0):
            pass
    with desk.admit("ann", 0):
        pass


async def test_the_next_question_has_to_wait_and_is_told_how_long(clock: Clock) -> None:
    desk = Desk(workers=1, queue=5, clock=clock)
    with desk.admit("ann", 10):
        clock.now = 3.5
    with pytest.raises(RefusedError, match="wait 7 seconds"), desk.admit("ann", 10):
        pass
    clock.now = 9.5
    with pytest.raises(RefusedError, match="wait 1 second before"), desk.admit("ann", 10):
        pass
    clock.now = 10
    with desk.admit("ann", 10):
        pass


async def test_a_refused_question_does_not_make_the_wait_longer(clock: Clock) -> None:
    desk = Desk(workers=1, queue=5, clock=clock)
    with desk.admit("ann", 10):
        pass
    clock.now = 9
    with pytest.raises(RefusedError), desk.admit("ann", 10):
        pass
    clock.now = 10
    with desk.admit("ann", 10):
        pass


async def test_a_question_that_fails_gives_its_place_back() -> None:
    desk = Desk(workers=1, queue=0)
    with pytest.raises(ZeroDivisionError), desk.admit("ann", 0):
        await desk.answer(lambda: 1 // 0)
    with desk.admit("ann", 0):
        assert await desk.answer(lambda: 2) == 2


async def test_more_than_the_queue_holds_is_refused(held: threading.Event) -> None:
    desk = Desk(workers=1, queue=2)

    async def ask(person: str) -> str:
        with desk.admit(person, 0):
            await desk.answer(held.wait)
            return "answered"

    asked = [asyncio.create_task(ask(f"person {n}")) for n in range(5)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    held.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[:3] == ["answered"] * 3
    assert all(isinstance(answer, RefusedError) for answer in answers[3:])
    assert "3 questions are waiting" in str(answers[3])


async def test_no_more_run_at_a_time_than_there_are_workers(held: threading.Event) -> None:
    desk = Desk(workers=2, queue=10)
    running = 0
    most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        held.wait(0.02)
        with lock:
            running -= 1

    await asyncio.gather(*(desk.answer(work) for _ in range(10)))
    assert most == 2


async def test_a_look_up_does_not_wait_for_questions_or_for_indexing(
    held: threading.Event,
) -> None:
    desk = Desk(workers=1, queue=5)
    busy = [asyncio.create_task(desk.answer(held.wait)), asyncio.create_task(desk.index(held.wait))]
    assert await desk.look_up(lambda: "there") == "there"
    assert not any(task.done() for task in busy)
    held.set()
    await asyncio.gather(*busy)


async def test_closing_waits_for_what_runs_and_lets_nothing_new_in(held: threading.Event) -> None:
    desk = Desk(workers=1, queue=5)

    async def ask() -> str:
        with desk.admit("ann", 0):
            await desk.answer(held.wait)
            return "answered"

    asked = asyncio.create_task(ask())
    await asyncio.sleep(0)
    closing = asyncio.create_task(desk.close(60))
    await asyncio.sleep(0)
    with pytest.raises(RefusedError, match="restarted"), desk.admit("bob", 0):
        pass
    assert not closing.done()
    held.set()
    assert await closing is True
    assert await asked == "answered"


async def test_closing_does_not_wait_for_ever(held: threading.Event) -> None:
    desk = Desk(workers=1, queue=5)
    asked = asyncio.create_task(desk.answer(held.wait))
    await asyncio.sleep(0)
    assert await desk.close(0.01) is False
    held.set()
    await asked


async def test_those_who_may_ask_again_are_not_remembered(clock: Clock) -> None:
    desk = Desk(workers=1, queue=5, clock=clock)
    for n in range(100):
        with desk.admit(f"person {n}", 10):
            pass
    clock.now = LONGEST_WAIT
    with desk.admit("one more", 10):
        pass
    assert len(desk._asked_at) == 1


async def test_the_wait_is_that_of_the_place_where_one_asks_now(clock: Clock) -> None:
    desk = Desk(workers=1, queue=5, clock=clock)
    with desk.admit("ann", 300):
        pass
    clock.now = 5
    with desk.admit("ann", 5):
        pass
    with pytest.raises(RefusedError, match="wait 300 seconds"), desk.admit("ann", 300):
        pass


async def test_a_server_adds_one_article_at_a_time_and_all_together_a_bounded_number() -> None:
    desk = Desk(workers=1, queue=5)
    with ExitStack() as adding:
        adding.enter_context(desk.admit_article("0"))
        with pytest.raises(RefusedError, match="Another article"), desk.admit_article("0"):
            pass
        for server in range(1, MOST_ARTICLES):
            adding.enter_context(desk.admit_article(str(server)))
        with pytest.raises(RefusedError, match="Many articles"), desk.admit_article("one more"):
            pass
    with desk.admit_article("0"):
        pass
