"""The session at the terminal as a person meets it: a process of its own behind a real terminal."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pexpect
import pytest

from retrieval import locking
from retrieval.embedding import Embedder
from retrieval.index import Index
from tests.services import free_port
from tests.wire.conftest import Footnote

SECONDS = 60
ESCAPES = ("\x1b]", "\x1bP", "\x1b[6;66H", "\x9b", "\x9d", "\u202e", "\u2066", "\x07")
EVIL = "\\e]52;c;aGk=\\a \\e]0;owned\\a \\e[6;66H \\x9b6;66H \\x9d0;owned\\x9c \\u202e \\u2066"
STEERING = "\x1b]52;c;aGk=\x07 \x1b[6;66H \x9b6;66H \x9d0;owned\x9c \u202e\u2066"


class Terminal:
    """A session, and the person in front of it; what is awaited is a pattern."""

    def __init__(self, environment: dict[str, str], folder: Path, **changes: str) -> None:
        self.everything = io.StringIO()
        kept = {name: value for name, value in environment.items() if name != "LINES"}  # pytest's
        self._child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable,
            ["-m", "bot", "repl"],
            env=kept | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"} | changes,
            cwd=str(folder),
            dimensions=(40, 100),
            timeout=SECONDS,
            encoding="utf-8",
        )
        self._child.logfile_read = self.everything
        self.sees("Ask a question")
        self.is_asked()

    def sees(self, pattern: str) -> str:
        """Wait for a pattern, and return what came before it, without its colours."""
        self._child.expect(pattern)
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self._child.before or "")

    def is_asked(self, label: str = "footnote") -> str:
        """Wait for the prompt, and return what came before it."""
        before = self.sees(re.escape("\x1b[?2004h"))  # a paste would be told from typing now
        self.sees(f"{label}.*>")
        return before

    def types(self, text: str) -> None:
        self._child.send(text)

    def enters(self, line: str) -> None:
        self._child.send(f"{line}\r")

    def presses(self, key: str) -> None:
        self._child.sendcontrol(key)

    def leaves(self) -> int | None:
        """Press Ctrl-D, and return the exit code."""
        self.presses("d")
        self._child.expect(pexpect.EOF)
        self._child.close()
        return self._child.exitstatus

    def stop(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def library(tmp_path: Path, seeded_folder: Path) -> Path:
    """A library of the seed articles, of this test's own."""
    return Path(shutil.copytree(seeded_folder, tmp_path / "library"))


@pytest.fixture
def opened(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start sessions, which end with the test."""
    terminals: list[Terminal] = []

    def start(**changes: str) -> Terminal:
        terminals.append(Terminal(environment, tmp_path, **changes))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.stop()


@pytest.fixture
def terminal(library: Path, opened: Callable[..., Terminal]) -> Terminal:
    """A session on the seed articles."""
    assert library.exists()
    return opened()


def test_a_question_a_follow_up_its_quote_and_its_reasons(terminal: Terminal) -> None:
    terminal.enters("how many were arrested?")
    terminal.sees("nearly 10,000")
    assert "U.N. objects to blue helmets" in terminal.is_asked()
    terminal.enters("/show 1")
    shown = terminal.sees("no more than 10 days")  # the end of the article
    assert "Soldiers sent to put down the unrest" in shown
    assert "\x1b[1;33m" in terminal.everything.getvalue().split("Soldiers sent to put down")[-1]
    terminal.is_asked()
    terminal.enters("and killed?")
    terminal.sees("→ U.N. objects to blue helmets on troops in Kazakhstan: how many were killed\\?")
    assert "164" in terminal.is_asked()
    terminal.enters("who won the World Cup?")
    terminal.sees("The sources don't say")
    terminal.is_asked()
    terminal.enters("/why")
    terminal.sees("No answer was given: of [0-9]+ sentences read")
    reasons = terminal.is_asked()
    assert "% is needed." in reasons
    assert "Passages found, with their scores" in reasons
    terminal.enters("/json")
    terminal.sees('"question": "who won the World Cup\\?"')
    terminal.is_asked()
    terminal.enters("/shwo 1")
    terminal.sees("did you mean /show")
    terminal.is_asked()
    assert terminal.leaves() == 0


def test_a_session_is_narrowed_to_an_article_whose_title_is_completed(terminal: Terminal) -> None:
    terminal.types("/source wimb")
    terminal.sees("Alcaraz ends Djokovic's reign")  # offered
    terminal.types("\t")
    terminal.sees("wimbledon-final-alcaraz.md|Alcaraz ends")  # taken
    terminal.types("\r")
    terminal.sees("Answers come from “Alcaraz ends Djokovic's reign at Wimbledon in five sets”")
    terminal.is_asked("Alcaraz")
    terminal.enters("how many were arrested?")
    terminal.sees("The sources don't say")
    assert "Kazakhstan" not in terminal.is_asked("Alcaraz")
    terminal.enters("/source")
    terminal.sees("from all articles")
    terminal.is_asked()
    terminal.enters("how many were arrested?")
    terminal.sees("nearly 10,000")
    terminal.is_asked()
    terminal.enters("/source earthquake")
    terminal.sees("fits 2 articles")
    terminal.is_asked()


def test_a_file_is_added_and_answers(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "the ferry.txt").write_text("The ferry of Lund carried 4,812 passengers.", "utf-8")
    terminal.enters("/add the ferry.txt")
    terminal.sees("1 article: 1 added")
    terminal.is_asked()
    terminal.enters("how many passengers did the ferry of Lund carry?")
    terminal.sees("4,812")
    terminal.is_asked()
    terminal.enters("/add nothing.txt")
    terminal.sees("check the path")
    terminal.is_asked()


def test_ctrl_c_at_the_prompt_clears_the_line(terminal: Terminal) -> None:
    terminal.types("how many were arrested and")
    terminal.presses("c")
    terminal.is_asked()
    terminal.enters("who won the World Cup?")
    assert "10,000" not in terminal.sees("The sources don't say")
    terminal.is_asked()


def test_ctrl_r_finds_what_an_earlier_session_asked(
    terminal: Terminal, opened: Callable[..., Terminal], library: Path
) -> None:
    terminal.enters("how many were arrested?")
    terminal.sees("nearly 10,000")
    terminal.is_asked()
    assert terminal.leaves() == 0
    assert stat.S_IMODE((library / "history").stat().st_mode) == 0o600
    later = opened()
    later.presses("r")
    later.sees("reverse-i-search")
    later.types("arrest")
    later.sees("how many were")
    later.types("\r\r")
    later.sees("nearly 10,000")
    later.is_asked()


def test_a_history_that_cannot_be_kept_stops_nobody(
    library: Path, opened: Callable[..., Terminal]
) -> None:
    (library / "history").mkdir()
    terminal = opened()
    assert "What you type is not kept" in terminal.everything.getvalue()
    terminal.enters("how many were arrested?")
    terminal.sees("nearly 10,000")
    terminal.is_asked()
    assert terminal.leaves() == 0


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Chroma server, which can be made to hang: its address, and its process."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--host", "127.0.0.1"]
    options = ["--port", str(port), "--path", str(tmp_path / "server")]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as server:
        transport = httpx.HTTPTransport(retries=30)
        with httpx.Client(transport=transport) as client:
            client.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=SECONDS)
        yield f"http://127.0.0.1:{port}", server
        server.send_signal(signal.SIGCONT)
        server.kill()


def test_ctrl_c_cancels_a_question_that_hangs_and_the_next_is_answered(
    chroma: tuple[str, subprocess.Popen[bytes]], opened: Callable[..., Terminal]
) -> None:
    url, server = chroma
    terminal = opened(CHROMA_URL=url)
    server.send_signal(signal.SIGSTOP)
    terminal.enters("how many were arrested?")
    terminal.sees("Searching")
    terminal.presses("c")
    terminal.sees("Cancelled.")  # although the server still hangs
    terminal.is_asked()
    terminal.enters("/json")
    terminal.sees("Nothing was asked yet")  # a cancelled question leaves all as it was
    terminal.is_asked()
    terminal.enters("who won the World Cup?")
    terminal.sees("Searching")
    terminal.presses("d")  # does nothing while a question is under way
    server.send_signal(signal.SIGCONT)
    assert "10,000" not in terminal.sees("The sources don't say")
    terminal.is_asked()
    terminal.enters("how many were arrested?")
    terminal.sees("nearly 10,000")
    terminal.is_asked()
    assert terminal.leaves() == 0


def test_an_add_that_waits_is_cancelled_and_adds_nothing(
    terminal: Terminal, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "ferry.txt").write_text("The ferry of Lund carried 4,812 passengers.", "utf-8")
    with locking.locked(library, lambda _: None):
        terminal.enters("/add ferry.txt")
        terminal.sees("The library is being written to")
        terminal.presses("c")
        terminal.sees("Cancelled; what was indexed by then stays")
        terminal.is_asked()
        terminal.enters("how many were arrested?")
        terminal.sees("nearly 10,000")
        terminal.is_asked()
    terminal.enters("/add ferry.txt")
    terminal.sees("1 article: 1 added")
    terminal.is_asked()
    assert terminal.leaves() == 0


def test_an_add_cancelled_half_way_leaves_a_whole_library(
    terminal: Terminal, library: Path, tmp_path: Path, embedder: Embedder
) -> None:
    folder = tmp_path / "herons"
    folder.mkdir()
    for number in range(400):
        text = f"In district {number} the wardens counted {number * 7 + 1} herons this spring."
        (folder / f"{number:03}.txt").write_text(text, "utf-8")
    terminal.enters("/add herons")
    terminal.sees("Indexing [0-9]+/400")
    terminal.presses("c")
    terminal.sees("Cancelled; what was indexed by then stays")
    terminal.is_asked()
    assert terminal.leaves() == 0
    with Index(library, embedder) as index:
        added = {source.id for source in index.store.sources()} & {
            path.name for path in folder.iterdir()
        }
        assert len(added) < 400
        assert index.store.keys() <= index.vectors.keys()


@pytest.mark.parametrize("pager", ["less", "cat"])
def test_no_escape_sequence_of_a_source_or_of_the_input_reaches_the_terminal(
    opened: Callable[..., Terminal], footnote: Footnote, tmp_path: Path, pager: str
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    text = f"The red door let in 4,812 visitors {STEERING} on Friday. " + "It stood open. \n\n" * 60
    meta = f'---\ntitle: "The red door {EVIL}"\nurl: "https://example.org/{EVIL}"\n---\n'
    (folder / f"evil{STEERING.replace('/', '')}.md").write_text(meta + text, "utf-8")
    (folder / "plain.md").write_text("---\ntitle: A plain door\n---\nIt is white.", "utf-8")
    assert footnote("sync", str(folder)).returncode == 0
    terminal = opened(PAGER=pager)
    terminal.enters("how many visitors did the red door let in?")
    terminal.sees("4,812")
    terminal.is_asked()
    terminal.enters("/show 1")
    terminal.sees("It stood open")
    terminal.types("q" if pager == "less" else "")
    terminal.is_asked()
    for line, seen in [
        ("/sources", "plain.md"),
        ("/why", "Passages found"),
        ("/json", '"question"'),
        ("/source red", "Answers come from"),
    ]:
        terminal.enters(line)
        terminal.sees(seen)
        terminal.is_asked(".*")
    terminal.types("/source door")
    terminal.sees("A plain door")  # the menu
    terminal.types("\x03")
    terminal.is_asked(".*")
    terminal.types(f"\x1b[200~/nonsense{STEERING}\x1b[201~")
    terminal.types("\r")
    terminal.sees("There is no command")
    terminal.is_asked(".*")
    terminal.types(f"\x1b[200~why {STEERING}?\x1b[201~")
    terminal.types("\r")
    terminal.sees("don't say|\\[1\\]")
    terminal.is_asked(".*")
    assert terminal.leaves() == 0
    everything = terminal.everything.getvalue()
    assert [escape for escape in ESCAPES if escape in everything] == []


def test_lines_from_a_pipe_are_a_plain_script(library: Path, footnote: Footnote) -> None:
    assert library.exists()
    script = (
        "\ufeffhow many were arrested?\r\n\r\nand killed?\n/show 1\n/json\nwho won?\n/quit\nno\n"
    )
    done = footnote("repl", stdin=script, TERM="xterm-256color")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[:2] == ["how many were arrested?", "nearly 10,000"]
    assert any(
        line.startswith("→ U.N.") and line.endswith("how many were killed?") for line in lines
    )
    assert "footnote>" not in done.stdout
    answer = json.loads(next(line for line in lines if line.startswith("{")))
    assert answer["answered"] is True
    assert lines.count("who won?") == 1
    assert "no" not in lines


def test_a_bad_line_of_a_script_is_told_and_the_rest_goes_on(
    library: Path, footnote: Footnote
) -> None:
    assert library.exists()
    done = footnote("repl", stdin="???\n/show 3\n/sorces\nhow many were arrested?\n")
    assert done.returncode == 2
    assert "nearly 10,000" in done.stdout
    told = done.stderr.splitlines()
    assert len(told) == 3
    assert "The question is empty" in told[0]
    assert "Nothing was asked yet" in told[1]
    assert "did you mean /sources" in told[2]


def test_no_input_is_no_question(library: Path, footnote: Footnote) -> None:
    assert library.exists()
    done = footnote("repl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_input_that_is_not_utf_8_is_no_catastrophe(
    library: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    assert library.exists()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "repl"],
        env=environment,
        input=b"\xff\xfe \x80?\n/\xff\n/add \xff.txt\nhow many were arrested?\n",
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 2
    assert b"nearly 10,000" in done.stdout
    assert b"Traceback" not in done.stderr
