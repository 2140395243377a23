"""Results as JUnit XML, which CI services read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from bot.checks.questions import QuestionFileError
from bot.checks.report import side_by_side
from bot.checks.run import Result
from bot.render import shown
from retrieval.intake import is_folder

_WIDTH = 100
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_place(path: Path) -> None:
    """See that a report can be written, before all questions are asked for nothing.

    Raises:
        QuestionFileError: if there is no such folder, or a folder in its place.
    """
    if is_folder(path):
        raise QuestionFileError(f"{path} is a folder; name a file for the JUnit report.")
    if not is_folder(path.parent):
        raise QuestionFileError(f"There is no folder {path.parent}; make it, or name another.")


def write(results: Sequence[Result], path: Path) -> None:
    """Write one ``testcase`` a row, with ``file`` and ``line``.

    Raises:
        QuestionFileError: if the file cannot be written.
    """
    failed = sum(result.failed for result in results)
    expected = sum(not result.passed and not result.failed for result in results)
    counts = {"tests": len(results), "failures": failed, "skipped": expected, "errors": 0}
    totals = {name: str(count) for name, count in counts.items()}
    suites = ET.Element("testsuites", totals)
    suite = ET.SubElement(suites, "testsuite", {"name": "footnote", **totals})
    for result in results:
        row = result.row
        case = ET.SubElement(
            suite,
            "testcase",
            {
                "classname": _clean(row.path.name),
                "name": _clean(shown(row.question)),
                "file": _clean(str(row.path)),
                "line": str(row.line),
            },
        )
        if not result.passed:
            kind, message = ("failure", "; ".join(result.reasons))
            if not result.failed:
                kind, message = "skipped", f"expected to fail: {row.xfail}"
            node = ET.SubElement(case, kind, {"message": _clean(shown(message))})
            node.text = _clean(side_by_side(result, _WIDTH))
    try:
        part = path.with_name(f"{path.name}.part")  # a report is there whole, or not at all
        ET.ElementTree(suites).write(part, encoding="utf-8", xml_declaration=True)
        part.replace(path)
    except OSError as error:
        raise QuestionFileError(
            f"{path} cannot be written ({error.strerror}); name another file."
        ) from error


def _clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
