"""Lines of pages become paragraphs, and the offset of each page stays true."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles import normalise
from retrieval.lines import assemble, paragraphs
from tests import strategies

HEAD = "Harbour report"


def page(number: int, *lines: str) -> list[str]:
    """Return the lines of a page with what stands on every one of them."""
    return [HEAD, *lines, "", f"Page {number} of 4"]


PAGES = [
    page(1, "The harbour of Nordvik", "", "The harbour was dug in 1921 by two hundred men, of whom",
         "most came from the islands. They were paid by the day, and"),
    page(2, "the work took four years. In the spring of 1925 the first", "ship came in."),
    page(3),
    page(4, "The herring was landed from May to August, and from Septem-",
         "ber on there was hardly any.", "Storms:", "1. that of 1931, which took the mole",
         "2. 1954"),
]  # fmt: skip


def test_a_paragraph_goes_on_in_the_next_line_and_on_the_next_page() -> None:
    text, pages = assemble(paragraphs(PAGES))
    assert text == (
        "The harbour of Nordvik\n\n"
        "The harbour was dug in 1921 by two hundred men, of whom most came from the islands. They "
        "were paid by the day, and the work took four years. In the spring of 1925 the first ship "
        "came in.\n\n"
        "The herring was landed from May to August, and from September on there was hardly any.\n\n"
        "Storms:\n\n1. that of 1931, which took the mole\n\n2. 1954"
    )
    starts = [text[start:].split()[:2] for start in pages]
    assert starts == [["The", "harbour"], ["the", "work"], ["The", "herring"], ["The", "herring"]]


def test_what_stands_on_every_page_is_no_part_of_the_text() -> None:
    text, _ = assemble(paragraphs(PAGES))
    assert HEAD not in text
    assert "Page" not in text


def test_two_pages_may_begin_alike() -> None:
    found = [line for one in paragraphs([["Storms", "It blew."], ["Storms", "It blew again."]])
             for _, line in one]  # fmt: skip
    assert found == ["Storms", "It blew.", "Storms", "It blew again."]


def test_no_pages_have_no_text() -> None:
    assert assemble(paragraphs([])) == ("", ())
    assert assemble(paragraphs([[], ["", " "]])) == ("", ())


@given(st.lists(st.lists(strategies.raw_texts, max_size=6), max_size=6))
def test_each_piece_is_found_on_its_page_in_a_text_that_is_normal(pages: list[list[str]]) -> None:
    pieces = [[(number, piece)] for number, page in enumerate(pages, start=1) for piece in page]
    text, starts = assemble(pieces)
    assert normalise(text) == text
    ends = [*starts[1:], len(text)] if starts else []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        said = " ".join(text[start:end].split())
        assert said == " ".join(" ".join(normalise(piece) for piece in pages[number]).split())
    assert all(one <= other for one, other in pairwise(starts))
