"""Each parser takes a few inputs that nobody would write; ``make fuzz`` tries many more."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.fuzz import TARGETS, Target, fault


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_of_a_few_makes_a_parser_fail(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=4 if target.is_slow else 60, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def attempt(data: object) -> None:
        assert fault(target, data) is None

    attempt()


def test_what_a_parser_should_not_raise_is_a_fault() -> None:
    def parse(data: str) -> None:
        raise KeyError(data)

    assert fault(Target(st.just("x"), parse), "x") == "KeyError: 'x'"
