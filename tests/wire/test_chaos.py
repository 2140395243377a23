"""A few of the faults of ``make chaos``: what is killed, starved or hindered loses nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.chaos import crowd, faults, ground, kills
from bench.chaos.ground import Ground
from bot import compose


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The libraries that the trials start from."""
    embedder = compose.embedder
    yield ground.prepare(tmp_path_factory.mktemp("chaos") / "field")
    vars(compose)["embedder"] = embedder


@pytest.mark.parametrize("kill", kills.KILLS, ids=lambda kill: kill.name)
def test_a_command_that_is_killed_loses_nothing(kill: kills.Kill, field: Ground) -> None:
    moments = random.Random(kill.name)
    longest = kills.seconds(field, kill)
    assert not kills.strike(field, kill, moments, longest)


@pytest.mark.parametrize("name", ["disk-full", "clock-back"])
def test_what_fails_under_a_library_is_told_of_and_loses_nothing(name: str, field: Ground) -> None:
    (fault,) = [one for one in faults.FAULTS if one.name == name]
    assert not fault.trial(field, random.Random(name))


def test_many_write_and_ask_and_nothing_is_lost_or_wrong(tmp_path: Path) -> None:
    told = crowd.gather(tmp_path / "crowd", writers=2, readers=2, minutes=0.1)
    assert not told.complaints
    assert told.writes
    assert told.answers


def test_figures_of_two_versions_in_one_are_noticed() -> None:
    text = "Gauge 7 stood at {} centimetres. The keeper wrote {} in the book."
    assert not ground.consistency(text.format(2049, 2049))
    assert ground.consistency(text.format(1049, 2049))
    assert ground.consistency(text.format(1050, 1050))
