"""What always holds in what the bot itself keeps, and how it is mended where it does not."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import fields

import sqlalchemy as sa

from bot import schema
from bot.schema import Cited, Rules
from retrieval.checking import Check, Finding
from retrieval.database import Database, Home
from retrieval.doctor import Say
from retrieval.store_checks import damage
from retrieval.wording import counted

_OF_ANSWERS = (schema.votes, schema.turns)


def examine(home: Home, say: Say, *, repair: bool) -> None:
    """Check the database of the records, if there is one, and mend it if ``repair``."""
    if not home.exists():
        return
    remedy = "start the bot, without the votes and settings in it, or run: footnote restore FILE"
    with closing(home.open("bot.db", remedy)) as database:
        found = damage(database).run(repair)
        say(Finding("records", found.problem, found.remedy, found.repaired))
        if found.is_well:
            for check in (_tables(database), _orphans(database), _rows(database)):
                say(check.run(repair))


def _tables(database: Database) -> Check:
    def find() -> str | None:
        with database.reading() as connection:
            inspector = sa.inspect(connection)
            present = {
                table: {column["name"] for column in inspector.get_columns(table)}
                for table in inspector.get_table_names()
            }
        lost = [
            table.name
            for table in schema.tables.sorted_tables
            if not set(table.columns.keys()) <= present.get(table.name, set())
        ]
        return f"the table {lost[0]} is not what it should be" if lost else None

    def mend() -> None:
        with database.writing() as connection:
            schema.tables.create_all(connection)

    return Check("tables", find, mend, database.remedy)


def _orphans(database: Database) -> Check:
    """Check that votes and turns belong to an answer."""

    def find() -> str | None:
        with database.reading() as connection:
            lost = sum(
                connection.scalar(sa.select(sa.func.count()).where(_is_alone(table))) or 0
                for table in _OF_ANSWERS
            )
        return f"{counted(lost, 'row')} of no answer" if lost else None

    def mend() -> None:
        with database.writing() as connection:
            for table in _OF_ANSWERS:
                connection.execute(table.delete().where(_is_alone(table)))

    return Check("answers", find, mend, database.remedy)


def _is_alone(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.answer.not_in(sa.select(schema.answers.c.id))


def _rows(database: Database) -> Check:
    """Check that citations and rules can be read; a row that cannot be is of no use to anyone."""

    def unreadable() -> dict[str, list[str]]:
        with database.reading() as connection:
            answers = connection.execute(
                sa.text("SELECT id, CAST(citations AS text) AS citations FROM answers")
            ).all()
            servers = connection.execute(
                sa.text("SELECT id, CAST(rules AS text) AS rules FROM servers")
            ).all()
        return {
            "answers": [row.id for row in answers if not _are_citations(row.citations)],
            "servers": [row.id for row in servers if not _are_rules(row.rules)],
        }

    def find() -> str | None:
        found = unreadable()
        told = [f"{counted(len(ids), 'row')} of {name}" for name, ids in found.items() if ids]
        return f"{' and '.join(told)} cannot be read" if told else None

    def mend() -> None:
        with database.writing() as connection:
            for name, ids in unreadable().items():
                table = schema.tables.tables[name]
                connection.execute(table.delete().where(table.c.id.in_(ids)))

    return Check("rows", find, mend, database.remedy)


def _are_citations(value: str) -> bool:
    with suppress(ValueError, TypeError):
        return all(isinstance(Cited(**one), Cited) for one in json.loads(value))
    return False


def _are_rules(value: str) -> bool:
    known = {field.name for field in fields(Rules)}
    with suppress(LookupError, ValueError, TypeError):
        rules = json.loads(value)
        return isinstance(rules["channels"], list) and set(rules) <= known
    return False
