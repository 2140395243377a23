"""The command line.  Heavy modules are imported where a command needs them."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import terminal, upkeep
from bot.checks import command as checks
from bot.render import render_answer, render_feedback, render_sources
from bot.terminal import notices, output

if TYPE_CHECKING:
    from retrieval.writer import Report

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Offline = Annotated[
    bool, typer.Option("--offline", help="Ask no chat model, though one may be set.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        output.print(f"footnote {version('footnote-bot')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Ask questions; get answers in which every statement is footnoted to its source."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, or - for one a line of input.")],
    as_json: AsJson = False,
    offline: Offline = False,
) -> None:
    """Answer a question from the articles, with footnotes."""
    from retrieval.question import check

    if question != "-":
        check(question)
    with terminal.library() as index:
        from bot import compose

        terminal.seed(index)
        chat = None if offline else compose.chat(terminal.settings())
        answer_to = compose.pipeline(index, reader=terminal.reading_model(), chat=chat)
        if question != "-":
            answer = answer_to(question)
            if as_json:
                terminal.print_json(answer.to_dict())
            else:
                render_answer(answer, output)
            return
        from bot.lines import answer_lines

        if not answer_lines(sys.stdin, answer_to, as_json=as_json):
            raise typer.Exit(2)


@app.command()
def repl(offline: Offline = False) -> None:
    """Ask one question after another; /help lists what else a session can do."""
    with terminal.spinner(notices) as say:
        say("Opening the library")
        index = terminal.library()
        from bot.repl import run

    with index:
        terminal.seed(index)
        if not run(terminal.settings(), index, is_offline=offline):
            raise typer.Exit(2)


@app.command()
def sync(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder of .txt, .md, .html, .pdf, .docx, .pptx, .odt and .odp files."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Make the library hold exactly what a folder holds."""
    with terminal.library() as index, terminal.progress("Reading") as progress:
        from retrieval.sync import sync as sync_folder

        report = sync_folder(index, folder, progress)
    terminal.report(report, as_json)


@app.command()
def add(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PATH|URL", help="A file, a folder, a zip archive, a web page or a feed."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Add an article, or a folder of them, to what is there."""
    settings = terminal.settings()
    with terminal.library() as index, terminal.progress("Reading") as progress:
        from retrieval import refresh as web
        from retrieval import sync
        from retrieval.addresses import is_address
        from retrieval.visits import Visitor

        if is_address(place):
            report = web.add(index, place, Visitor(settings.allow_private_urls), progress)
        else:
            report = sync.add(index, Path(place), progress)
    terminal.report(report, as_json)


@app.command()
def refresh(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...", help="Ids, parts of titles, or addresses of feeds; all if none."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read again what came from the web, and take what is new in feeds."""
    settings = terminal.settings()
    with terminal.library() as index, terminal.progress("Reading") as progress:
        from retrieval import refresh as web
        from retrieval.visits import Visitor

        visitor = Visitor(settings.allow_private_urls)
        report = web.refresh(index, names or [], visitor, progress)
    terminal.report(report, as_json)


@app.command()
def sources(as_json: AsJson = False) -> None:
    """List the articles."""
    with terminal.library() as index:
        terminal.seed(index)
        found = index.store.sources()
    if as_json:
        terminal.print_json([source.to_dict() for source in found])
    else:
        render_sources(found, output)


@app.command()
def show(
    article: Annotated[str, typer.Argument(metavar="ID", help="An id, or part of a title.")],
) -> None:
    """Print the stored text of an article, to which all citations refer."""
    with terminal.library() as index:
        terminal.seed(index)
        source = index.find_source(article)
        text = index.store.articles([source.id])[source.id].text
    sys.stdout.write(text + "\n")


@app.command()
def remove(
    articles: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids, as in sources, or feeds.")
    ],
    as_json: AsJson = False,
) -> None:
    """Remove articles from the library; their files stay."""
    with terminal.library() as index:
        from retrieval.refresh import of_feeds

        report = index.remove(of_feeds(index, articles))
    terminal.report(report, as_json)


@app.command()
def reindex(as_json: AsJson = False) -> None:
    """Make the vectors anew, after damage or for another embedding model."""
    from bot import compose

    settings = terminal.settings()
    from retrieval.errors import LibraryError
    from retrieval.index import reindex as remake
    from retrieval.writer import Report

    terminal.collect_garbage_again()
    model = compose.embedder(settings, terminal.notify)

    def remade(server: str | None) -> Report:
        with terminal.progress("Indexing") as progress:
            return remake(
                compose.library_dir(settings, server),
                model,
                terminal.notify,
                progress,
                articles=compose.articles(settings, server),
                vectors=compose.place(settings, server),
            )

    report = remade(None)
    for server in compose.servers(settings):
        try:
            report += remade(server)
        except LibraryError as error:  # the next server's may be whole
            report += Report(problems=(str(error),))
    terminal.report(report, as_json)


app.command(name="check")(checks.check)
app.command()(upkeep.doctor)
app.command()(upkeep.backup)
app.command()(upkeep.restore)


@app.command(name="discord")
def run_discord() -> None:
    """Run the Discord bot, until Ctrl-C or SIGTERM."""
    from bot import compose, logs

    settings = terminal.settings()
    from bot.discord.client import FootnoteClient
    from bot.discord.run import check_token, run

    token = check_token(settings.discord_token)
    logs.configure(settings.log_level, settings.log_format)
    terminal.collect_garbage_again()
    client = FootnoteClient(
        compose.service(settings, logs.notify),
        development_guild=settings.discord_guild_id,
        reads_messages=settings.discord_message_content,
    )
    health = settings.health_host, settings.health_port
    run(client, token, health, settings.refresh_hours)


@app.command()
def forget(
    server: Annotated[int, typer.Argument(min=1, help="The id of a Discord server.")],
) -> None:
    """Remove all that is kept of a Discord server; stop the bot first."""
    from bot import compose

    compose.forget(terminal.settings(), str(server))
    output.print(f"Nothing of the server {server} is kept any more.")


@app.command()
def feedback(as_json: AsJson = False) -> None:
    """List the answers that people voted on, worst first."""
    from bot import compose

    with closing(compose.records(terminal.settings())) as records:
        rated = records.rated()
    if as_json:
        terminal.print_json(
            [{**asdict(one), "given": one.given.isoformat() + "Z"} for one in rated]
        )
    else:
        render_feedback(rated, output)
