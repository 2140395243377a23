"""A statement stands on its quotes only if they have its numbers, names, denials and clauses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seeds
from retrieval import articles, sentences, support
from retrieval.amounts import amounts
from retrieval.embedding import Embedder
from retrieval.support import gaps
from retrieval.types import fold_space
from tests import strategies

FIRE = (
    "Nearly 10,000 tons of grain burned in the port of Velmar on Tuesday, "
    "Harbour Master Ilse Brandt said."
)
COMET = "The comet may have broken apart near the Sun."
TREATY = "Mara Holt did not sign the treaty."
TOWER = "The tower, which is 90 metres tall, was built in 1931 by 40 masons."

DENIALS = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot)\b|n[’']t\b", re.IGNORECASE
)


def _sentences_of(path: Path) -> list[str]:
    text = articles.parse(path.read_bytes(), Path(path.name), path.name).text
    return [fold_space(text[start:end]) for start, end in sentences.split(text)]


SEED_ARTICLES = {path.stem: _sentences_of(path) for path in sorted(seeds.FOLDER.glob("*.md"))}
SEEDS = [one for article in SEED_ARTICLES.values() for one in article]
NUMBERED = [one for one in SEEDS if re.search(r"\d", one)]
NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?![\w.])")
NAMED = [one for one in SEEDS if NAME.search(one)]
IS = re.compile(r"(?<=[a-z]{4} )(was|is|were) ")
PLAIN = [one for one in SEEDS if not DENIALS.search(one) and IS.search(one)]

seed_sentences = st.sampled_from(SEEDS)


class TestEverySentenceOfTheSeeds:
    @pytest.mark.parametrize("name", SEED_ARTICLES)
    def test_carries_itself(self, name: str, embedder: Embedder) -> None:
        for text in SEED_ARTICLES[name]:
            assert gaps(text, [text]) == []
            assert gaps(text, [text], embedder.encode) == []

    @given(seed_sentences, st.sampled_from(("\n", "  ", " \n ")))
    def test_carries_itself_however_its_lines_are_broken(self, text: str, blank: str) -> None:
        assert gaps(text, [text.replace(" ", blank)]) == []
        assert gaps(text.replace(" ", blank), [text]) == []

    @given(st.sampled_from(NUMBERED), st.integers(1, 10**7), st.data())
    def test_does_not_carry_another_number(
        self, text: str, number: int, data: st.DataObject
    ) -> None:
        written = data.draw(st.sampled_from(list(re.finditer(r"\d[\d,.:]*\d|\d", text))))
        spoilt = f"{text[: written.start()]}{number:,}{text[written.end() :]}"
        quoted = {amount.meaning for amount in amounts(text)}
        strange = [amount for amount in amounts(spoilt) if amount.meaning not in quoted]
        assert {amount.words for amount in strange} <= set(gaps(spoilt, [text]))

    @given(st.sampled_from(NAMED), st.data())
    def test_does_not_carry_another_name(self, text: str, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(NAME.finditer(text))))
        spoilt = f"{text[: name.start()]}Quorvath{text[name.end() :]}"
        assert "Quorvath" in gaps(spoilt, [text])

    @given(st.sampled_from(PLAIN))
    def test_does_not_carry_its_own_denial(self, text: str) -> None:
        denied = IS.sub(r"\1 not ", text, count=1)
        assert "not" in gaps(denied, [text])
        assert "not" in gaps(text, [denied])

    @settings(max_examples=40)
    @given(seed_sentences.filter(lambda text: text.endswith(".")))
    def test_does_not_carry_a_clause_that_nobody_said(self, embedder: Embedder, text: str) -> None:
        invented = "and a retired baker sang to his parrots"
        missing = gaps(f"{text[:-1]}, {invented}.", [text], embedder.encode)
        assert f"{invented}." in missing


class TestEveryText:
    @given(strategies.stored_texts)
    def test_carries_itself(self, text: str) -> None:
        assert gaps(text, [text]) == []

    @given(strategies.stored_texts, strategies.stored_texts)
    def test_misses_nothing_twice_and_nothing_blank(self, text: str, quote: str) -> None:
        missing = gaps(text, [quote])
        assert len(set(missing)) == len(missing)
        assert all(one.strip() for one in missing)

    @given(strategies.stored_texts, strategies.stored_texts, strategies.stored_texts)
    def test_misses_no_more_numbers_and_names_for_another_quote(
        self, text: str, quote: str, other: str
    ) -> None:
        both = f"{quote}\n{other}"
        assert set(support.unsaid_names(text, both)) <= set(support.unsaid_names(text, quote))
        assert {one.value for one in amounts(text)} >= {
            one.value for words in support.unsaid_amounts(text, both) for one in amounts(words)
        }

    @given(seed_sentences, seed_sentences)
    def test_misses_at_least_what_words_alone_can_tell(self, text: str, quote: str) -> None:
        assert set(support.uncarried(text, [quote])) <= set(gaps(text, [quote]))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        pytest.param("Nearly 10,000 tons of grain burned in Velmar.", FIRE, id="a part"),
        pytest.param(
            "On Tuesday, almost ten thousand tons of grain were burned in Velmar's port.",
            FIRE,
            id="other words and order",
        ),
        pytest.param(
            "According to Harbour Master Ilse Brandt, nearly 10,000 tons of grain burned.",
            FIRE,
            id="who said it first",
        ),
        pytest.param("It was built in 1931.", TOWER, id="a pronoun"),
        pytest.param("The tower is 90 metres tall.", TOWER, id="a side clause"),
        pytest.param("The tower was built by forty masons in 1931.", TOWER, id="a number in words"),
        pytest.param("Rain delayed the launch.", "The launch was delayed by rain.", id="active"),
        pytest.param("The mayor quit.", "The mayor resigned.", id="a synonym"),
        pytest.param("The boat has 4 engines.", "The boat has four engines.", id="digits"),
        pytest.param("The U.N. sent ten trucks.", "The UN sent 10 trucks.", id="full stops"),
        pytest.param(
            "At least 40 sailors were saved.",
            "Rescuers pulled no fewer than 40 sailors from the water.",
            id="another hedge of one meaning",
        ),
        pytest.param("On 4 May it closed.", "It closed on 4 May 2021.", id="a date"),
        pytest.param("Mara Holt never signed the treaty.", TREATY, id="another denial"),
        pytest.param("Mara Holt didn’t sign the treaty.", TREATY, id="a denial drawn together"),
        pytest.param("No one was hurt.", "Nobody was hurt.", id="nobody"),
        pytest.param("The comet might have broken apart.", COMET, id="another doubt"),
        pytest.param("Rescuers left.", "The rescuers left.", id="a capital by rule"),
        pytest.param(
            "“The fire is out,” Brandt said.", "Brandt said: “The fire is out.”", id="quotation"
        ),
    ],
)
def test_a_true_rewording_stands(text: str, quote: str, embedder: Embedder) -> None:
    assert gaps(text, [quote], embedder.encode) == []


@pytest.mark.parametrize(
    ("text", "quote", "missing"),
    [
        pytest.param("10,000 tons of grain burned.", FIRE, "10,000", id="nearly dropped"),
        pytest.param(
            "More than 10,000 tons of grain burned.", FIRE, "More than 10,000", id="hedge changed"
        ),
        pytest.param(
            "Exactly 40 masons built it; at least 90 came.", TOWER, "at least 90", id="hedge added"
        ),
        pytest.param("Nearly 1,000 tons burned.", FIRE, "Nearly 1,000", id="a nought less"),
        pytest.param("The tower was built in 1932.", TOWER, "1932", id="another year"),
        pytest.param("The tower has 90 floors, all 12 empty.", TOWER, "12", id="a number more"),
        pytest.param(
            "Hundreds of houses burned.", "Dozens of houses burned.", "Hundreds", id="vague number"
        ),
        pytest.param(
            "Dozens of houses burned.", "12 houses burned.", "Dozens", id="vague for exact"
        ),
        pytest.param(
            "Half a million crowns were lost.", "A million crowns were lost.", "Half", id="half"
        ),
    ],
)
def test_a_number_has_to_be_the_quote_s_with_its_hedge(text: str, quote: str, missing: str) -> None:
    assert missing in gaps(text, [quote])


@pytest.mark.parametrize(
    ("text", "quote", "missing"),
    [
        pytest.param("Nearly 10,000 tons burned in Orlen.", FIRE, "Orlen", id="a place"),
        pytest.param("It burned on Monday.", FIRE, "Monday", id="a weekday"),
        pytest.param(
            "The ferry sank in April 2019.", "The ferry sank in March 2019.", "April", id="a month"
        ),
        pytest.param("Harbour Master Ilse Brand said so.", FIRE, "Brand", id="one letter"),
        pytest.param("Jon Brandt said it.", FIRE, "Jon", id="a first name, at the start"),
        pytest.param(
            "Smith is the mayor of Orlen.", "The mayor of Orlen is a man.", "Smith", id="surname"
        ),
        pytest.param("He met Élise.", "He met Elise.", "Élise", id="accents"),
        pytest.param("The EU paid.", "The fund paid.", "EU", id="an abbreviation"),
        pytest.param("“Orlen burned,” he said.", "“It burned,” he said.", "Orlen", id="quoted"),
    ],
)
def test_a_name_has_to_be_the_quote_s(text: str, quote: str, missing: str) -> None:
    assert missing in gaps(text, [quote])


@pytest.mark.parametrize(
    ("text", "quote", "missing"),
    [
        pytest.param("Mara Holt signed the treaty.", TREATY, "not", id="removed"),
        pytest.param("Mara Holt did sign the treaty.", TREATY, "not", id="removed, stressed"),
        pytest.param("The mine is not safe.", "The mine is safe.", "not", id="added"),
        pytest.param("The mine isn’t safe.", "The mine is safe.", "n’t", id="drawn together"),
        pytest.param("They never left.", "They left.", "never", id="never"),
        pytest.param("They left with water.", "They left without water.", "without", id="without"),
        pytest.param(
            "Mara Holt signed the treaty.",
            "Mara Holt refused to sign the treaty.",
            "refused",
            id="refused",
        ),
        pytest.param("The dam was repaired.", "The dam is yet to be repaired.", "yet to", id="yet"),
        pytest.param("People were hurt.", "Nobody was hurt.", "Nobody", id="nobody removed"),
        pytest.param("Nobody left.", "Somebody left.", "Nobody", id="nobody added"),
        pytest.param(
            "The port closed.",
            "The port did not close and the lamps were lit.",
            "not",
            id="with a clause beside it",
        ),
        pytest.param(
            "The road closed.",
            "Brandt said the road was not closed, and the ferry sailed.",
            "not",
            id="said by somebody",
        ),
    ],
)
def test_a_denial_is_neither_added_nor_removed(
    text: str, quote: str, missing: str, embedder: Embedder
) -> None:
    assert missing in gaps(text, [quote], embedder.encode)


def test_no_more_than_and_no_1_deny_nothing() -> None:
    assert gaps("At most 12 came.", ["No more than 12 came."]) == []
    assert gaps("Vik came.", ["Vik, world No. 1, came."]) == []


@pytest.mark.parametrize(
    ("text", "quote", "missing"),
    [
        pytest.param("The comet has broken apart.", COMET, "may", id="may have"),
        pytest.param("The comet broke apart near the Sun.", COMET, "may", id="tense"),
        pytest.param("The mine is safe.", "The mine is believed to be safe.", "believed", id="is"),
        pytest.param(
            "The strike will end on Monday.",
            "The strike is expected to end on Monday.",
            "expected",
            id="expected",
        ),
        pytest.param("Vik is the killer.", "Vik is the alleged killer.", "alleged", id="alleged"),
        pytest.param(
            "The dam will be repaired.", "The dam could be repaired.", "could", id="could"
        ),
    ],
)
def test_a_doubt_is_not_dropped(text: str, quote: str, missing: str, embedder: Embedder) -> None:
    assert missing in gaps(text, [quote], embedder.encode)


def test_a_doubt_may_be_added() -> None:
    assert gaps("The ferry may have sunk.", ["The ferry has sunk."]) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param(
            "Nearly 10,000 tons of grain burned, killing the crew of a ship.",
            "killing the crew of a ship.",
            id="a consequence",
        ),
        pytest.param(
            "Nearly 10,000 tons of grain burned because of a cigarette.",
            "because of a cigarette.",
            id="a cause",
        ),
        pytest.param(
            "The port, which belongs to a foreign bank, burned.",
            "which belongs to a foreign bank",
            id="a side clause",
        ),
        pytest.param(
            "Nearly 10,000 tons of grain burned while the watchmen slept.",
            "while the watchmen slept.",
            id="a circumstance",
        ),
        pytest.param(
            "The president resigned.", "The president resigned.", id="the whole statement"
        ),
    ],
)
def test_a_clause_that_was_invented_is_found(text: str, missing: str, embedder: Embedder) -> None:
    assert missing in gaps(text, [FIRE], embedder.encode)


def test_a_clause_may_be_carried_by_its_meaning_or_else_needs_the_words(
    embedder: Embedder,
) -> None:
    text, quote = "The mayor quit.", "The town's chief resigned from office as mayor of Orlen."
    assert gaps("The physician spoke.", ["The doctor talked."]) == ["The physician spoke."]
    assert gaps("The physician spoke.", ["The doctor talked."], embedder.encode) == []
    assert gaps(text, [quote]) == []


def test_quotes_carry_together_what_none_of_them_does(embedder: Embedder) -> None:
    text = "The tower was built in 1931, and nearly 10,000 tons of grain burned."
    assert gaps(text, [TOWER], embedder.encode)
    assert gaps(text, [FIRE], embedder.encode)
    assert gaps(text, [TOWER, FIRE], embedder.encode) == []


def test_without_a_quote_everything_is_missing() -> None:
    assert gaps("Brandt left in 1931.", []) == ["1931", "Brandt", "Brandt left in 1931."]
