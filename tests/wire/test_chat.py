"""Chat models over the wire: the real clients of three providers, and a server that is scripted."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from bot import compose
from bot.settings import Settings
from retrieval.chain import Pipeline
from retrieval.errors import ConfigError
from retrieval.index import Index
from retrieval.types import Answer
from tests.chat_server import ChatServer, Reply, serving
from tests.wire.conftest import Footnote

pytestmark = [  # the clients of the providers close their connections when they are collected
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ARRESTED = "how many were arrested?"
BARE = "Nearly 10,000 people have been arrested."
TRUE = f"{BARE}[?nearly 10,000]"
KILLED = "The unrest has killed at least 164 people.[?at least 164]"
FALSE = "Nearly 20,000 people have been arrested.[?nearly 10,000]"
NOT_SAID = "The sources do not say."
OFFLINE = "This is the answer without it."
PROVIDERS = ("openai", "anthropic", "ollama")


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with serving() as server:
        yield server


def settings(provider: str, server: ChatServer, **changes: object) -> Settings:
    url = f"{server.url}/v1" if provider == "openai" else server.url
    values = {"chat_base_url": url, "chat_api_key": "secret", "chat_seconds": 20} | changes
    return Settings(_env_file=None, chat_model=f"{provider}:scripted", **values)  # type: ignore[arg-type]


@dataclass
class Asker:
    """Asks a question of the seed articles by way of a provider, and hears the answer grow."""

    pipeline: Pipeline
    heard: list[Answer] = field(default_factory=list)

    def __call__(self, question: str = ARRESTED) -> Answer:
        return self.pipeline(question, hear=self.heard.append)


@pytest.fixture
def ask(server: ChatServer, seeded: Index) -> Callable[..., Asker]:
    def make(provider: str = "openai", **changes: object) -> Asker:
        model = compose.chat(settings(provider, server, **changes))
        return Asker(compose.pipeline(seeded, chat=model))

    return make


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_model_writes_is_said_with_the_quotes_that_carry_it(
    ask: Callable[..., Asker], server: ChatServer, provider: str
) -> None:
    server.script(f"{TRUE} {KILLED}")
    answer = ask(provider)()
    assert [s.text for s in answer.statements] == [
        "Nearly 10,000 people have been arrested.",
        "The unrest has killed at least 164 people.",
    ]
    assert answer.notice is None
    for citation in answer.citations:
        assert citation.article.text[citation.start : citation.end] == citation.quote
        assert "nearly 10,000" in citation.quote


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_is_given_the_rules_the_passages_and_the_question(
    ask: Callable[..., Asker], server: ChatServer, provider: str
) -> None:
    server.script(TRUE)
    ask(provider, temperature=0, max_tokens=321)()
    (system, rules), (user, request) = server.prompts[0]
    assert (system, user) == ("system", "user")
    assert NOT_SAID in rules
    assert request.endswith(f"Question: {ARRESTED}")
    lines = [line for line in request.splitlines() if line.startswith("| ")]
    assert len(lines) == 12
    body = server.asked[0] | server.asked[0].get("options", {})
    assert body["temperature"] == 0
    assert 321 in {
        body.get(name) for name in ("max_tokens", "max_completion_tokens", "num_predict")
    }


def test_the_key_goes_to_the_provider_and_nowhere_else(
    ask: Callable[..., Asker], server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.keys.clear()
    server.script(TRUE)
    answer = ask("anthropic")()
    assert [key.removeprefix("Bearer ") for key in server.keys] == ["secret"]
    assert "secret" not in caplog.text + str(answer.to_dict())


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("reply", "sentence", "requests"),
    [
        pytest.param(Reply(status=401), "refused the key", 1, id="401"),
        pytest.param(Reply(status=403), "does not let this key use it", 1, id="403"),
        pytest.param(Reply(status=404), "has no such model", 1, id="404"),
        pytest.param(Reply(status=400), "refused the request", 1, id="400"),
        pytest.param(Reply(status=429), "takes no more requests", 3, id="429"),
        pytest.param(Reply(status=500), "has a fault of its own", 3, id="500"),
        pytest.param(Reply(status=503), "has a fault of its own", 3, id="503"),
        pytest.param(Reply(""), "was empty", 1, id="empty"),
        pytest.param(Reply("I cannot help with that."), "is carried by", 2, id="refusal"),
        pytest.param(Reply(f"{TRUE} And", cut=48), "broke off|connection", 1, id="cut"),
        pytest.param(
            Reply("Presque dix mille personnes ont été interpellées.[1]"),
            "is carried by",
            2,
            id="another-language",
        ),
        pytest.param(Reply("All is well. " * 8_000), "did not come to an end", 1, id="endless"),
        pytest.param(Reply(FALSE), "is carried by", 2, id="false"),
        pytest.param(Reply(BARE), "is carried by", 2, id="no-citation"),
        pytest.param(
            Reply(f"{BARE}[99]"),
            "is carried by",
            2,
            id="no-such-passage",
        ),
    ],
)
def test_whatever_is_wrong_is_one_sentence_and_the_offline_answer(
    ask: Callable[..., Asker],
    server: ChatServer,
    seeded: Index,
    provider: str,
    reply: Reply,
    sentence: str,
    requests: int,
) -> None:
    server.script(reply)
    answer = ask(provider)()
    offline = compose.pipeline(seeded)(ARRESTED)
    assert answer.notice is not None
    assert any(part in answer.notice for part in sentence.split("|"))
    assert answer.notice.endswith(OFFLINE)
    assert answer.statements == offline.statements
    assert answer.citations == offline.citations
    assert len(server.asked) == requests


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_that_is_silent_is_not_waited_for(
    ask: Callable[..., Asker], server: ChatServer, provider: str
) -> None:
    server.script(Reply(TRUE, stalls=30))
    answer = ask(provider, chat_seconds=1)()
    assert answer.notice == f"The chat model did not reply within 1 second. {OFFLINE}"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_that_writes_too_slowly_is_not_waited_for(
    ask: Callable[..., Asker], server: ChatServer, provider: str
) -> None:
    server.script(Reply("word " * 400, pause=0.1))
    answer = ask(provider, chat_seconds=1)()
    assert answer.notice == f"The chat model did not reply within 1 second. {OFFLINE}"


def test_a_provider_that_asks_to_wait_is_asked_again_then(
    ask: Callable[..., Asker], server: ChatServer
) -> None:
    server.script(Reply(status=429, headers={"Retry-After": "1"}), Reply(status=503), TRUE)
    started = time.monotonic()
    answer = ask()()
    assert answer.notice is None
    assert answer.answered
    assert len(server.asked) == 3
    assert time.monotonic() - started >= 1


def test_one_that_asks_to_wait_for_longer_than_there_is_time_is_not_asked_again(
    ask: Callable[..., Asker], server: ChatServer
) -> None:
    server.script(Reply(status=429, headers={"Retry-After": "3600"}), TRUE)
    answer = ask()()
    assert answer.notice == f"The chat model's provider takes no more requests just now. {OFFLINE}"
    assert len(server.asked) == 1


def test_where_nothing_stands_the_model_is_told_why_and_asked_once_more(
    ask: Callable[..., Asker], server: ChatServer
) -> None:
    server.script(FALSE, TRUE)
    answer = ask()()
    assert answer.notice is None
    assert [s.text for s in answer.statements] == ["Nearly 10,000 people have been arrested."]
    *_, (said, own), (asked, complaint) = server.prompts[1]
    assert said == "assistant"
    assert own.startswith("Nearly 20,000 people have been arrested.[")
    assert asked == "user"
    assert "“Nearly 20,000 people have been arrested.”" in complaint
    assert "“Nearly 20,000”" in complaint


def test_what_does_not_stand_is_dropped_from_beside_what_does(
    ask: Callable[..., Asker], server: ChatServer
) -> None:
    server.script(f"{FALSE} {KILLED} Shops were looted by soldiers.[2] It is sad.")
    answer = ask()()
    assert [s.text for s in answer.statements] == ["The unrest has killed at least 164 people."]
    assert [c.number for c in answer.citations] == [1]


@pytest.mark.parametrize("said", [NOT_SAID, f"{NOT_SAID}[1]", "The passages don't mention it.[3]"])
def test_that_the_sources_do_not_say_is_no_statement(
    ask: Callable[..., Asker], server: ChatServer, said: str
) -> None:
    server.script(said)
    answer = ask()()
    assert not answer.answered
    assert answer.closest
    assert answer.notice is None


def test_an_answer_grows_by_sentences_that_are_verified(
    ask: Callable[..., Asker], server: ChatServer
) -> None:
    server.script(f"{KILLED} {FALSE} {TRUE} That is all.")
    asker = ask()
    answer = asker()
    assert [len(partial.statements) for partial in asker.heard] == [1, 2]
    assert asker.heard[-1] == answer
    assert "20,000" not in str([partial.to_dict() for partial in asker.heard])


def test_sentences_that_were_heard_give_way_to_the_offline_answer_where_a_stream_is_cut(
    ask: Callable[..., Asker], server: ChatServer, seeded: Index
) -> None:
    text = f"{KILLED} {TRUE} More"
    server.script(Reply(text, cut=len(text) - 2))
    asker = ask()
    answer = asker()
    assert asker.heard[0].statements[0].text == "The unrest has killed at least 164 people."
    assert answer.statements == compose.pipeline(seeded)(ARRESTED).statements


def test_tokens_are_logged_and_what_was_asked_is_not(
    ask: Callable[..., Asker], server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "retrieval")
    for provider in PROVIDERS:
        caplog.clear()
        server.script(TRUE)
        ask(provider)()
        (asked,) = [one for one in caplog.records if one.message == "chat model asked"]
        assert (asked.__dict__["input_tokens"], asked.__dict__["output_tokens"]) == (11, 5)
        assert "arrested" not in caplog.text


def test_nothing_is_sent_to_a_tracing_service_unless_it_is_set(
    footnote: Footnote, server: ChatServer
) -> None:
    variables = {
        "CHAT_MODEL": "openai:scripted", "CHAT_BASE_URL": f"{server.url}/v1", "CHAT_API_KEY": "k",
        "LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": "k",
    }  # fmt: skip
    server.script(TRUE)
    for is_set in ("false", "true"):
        server.paths.clear()
        assert "10,000" in footnote("ask", ARRESTED, **variables, LANGSMITH_TRACING=is_set).stdout
        assert any("runs" in path for path in server.paths) is (is_set == "true")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"CHAT_MODEL": "gpt"}, "write it as provider:model"),
        ({"CHAT_MODEL": "nobody:gpt"}, "cannot be used"),
        ({"CHAT_MODEL": "openai:gpt"}, "set CHAT_API_KEY"),
        ({"CHAT_MODEL": "anthropic:claude"}, "set CHAT_API_KEY"),
        ({"CHAT_MODEL": "mistralai:small"}, "pip install langchain-mistralai"),
    ],
)
def test_a_model_that_cannot_be_used_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=sentence):
        compose.chat(Settings(_env_file=None))


def test_a_provider_whose_package_is_missing_is_told_with_the_line_that_installs_it(
    environment: dict[str, str],
) -> None:
    script = (
        "import sys; sys.modules['langchain_openai'] = None; sys.argv[1:] = ['ask', 'who left?']; "
        "from bot.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"CHAT_MODEL": "openai:gpt", "CHAT_API_KEY": "k"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "footnote: CHAT_MODEL=openai:gpt needs a package that is not installed; install it: "
        "pip install 'footnote-bot[openai]'"
    )


def test_a_server_of_ones_own_needs_no_key(
    ask: Callable[..., Asker], server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.script(TRUE)
    assert ask(chat_api_key=None)().answered


def test_the_command_line_asks_the_model_and_offline_does_not(
    footnote: Footnote, server: ChatServer
) -> None:
    variables = {
        "CHAT_MODEL": "openai:scripted", "CHAT_BASE_URL": f"{server.url}/v1", "CHAT_API_KEY": "k",
    }  # fmt: skip
    server.script(KILLED)
    written = footnote("ask", ARRESTED, **variables)
    assert written.stdout.startswith("The unrest has killed at least 164 people.[1]")
    assert len(server.asked) == 1
    offline = footnote("ask", ARRESTED, "--offline", **variables)
    assert offline.stdout.startswith("nearly 10,000\n")
    assert len(server.asked) == 1
    typed = f"{ARRESTED}\nand killed?\n"
    server.script(TRUE, "How many people have been killed?", KILLED)
    session = footnote("repl", stdin=typed, **variables)
    assert "→ How many people have been killed?" in session.stdout
    assert "The unrest has killed at least 164 people.[1]" in session.stdout
    assert session.returncode == 0


def test_where_the_server_is_killed_amid_a_reply_the_next_question_is_answered(
    seeded: Index, server: ChatServer
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chat_server", "They left the", "0.5"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        own = settings("openai", server, chat_base_url=f"{url}/v1")
        answer_to = compose.pipeline(seeded, chat=compose.chat(own))
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(answer_to, ARRESTED)
            assert process.stdout.readline() == "begun\n"
            process.kill()
            first = asked.result(60)
        second = answer_to(ARRESTED)
    assert first.answered
    assert first.notice is not None
    assert second.answered
    assert second.notice == f"The connection to the chat model failed. {OFFLINE}"
