"""Office documents are read, apart from everything else; the pages of a PDF are kept."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import docx
import fpdf
import odfdo
import pptx
import pypdf
import pytest
from pypdf.generic import NameObject, StreamObject

from bot import compose
from retrieval import articles, documents, sync
from retrieval.errors import SourceError
from retrieval.index import Index
from retrieval.types import Article, Span

HARBOUR = [
    "The harbour of Nordvik was dug in 1921 by two hundred men, most of whom came from the "
    "islands and were paid by the day. The work took four years and cost 320,000 crowns.",
    "Herring was landed from May to August. In the record year of 1938 it came to 4,150 tonnes, "
    "more than in any other harbour of the coast.",
    "The storm of 1954 took the mole away. It was built anew by Ada Holm, an engineer from the "
    "capital, who had it made of granite.",
]


def pdf(pages: Sequence[str], title: str = "", passwords: tuple[str, str] | None = None) -> bytes:
    """Return a PDF, of real lines in a narrow column, with a head and a foot on each page."""
    made = fpdf.FPDF()
    made.set_title(title)
    made.set_lang("en-GB")
    for number, text in enumerate(pages, start=1):
        made.add_page()
        made.set_font("Helvetica", size=9)
        made.cell(0, 10, "Yearbook of the northern harbours", new_x="LMARGIN", new_y="NEXT")
        made.set_font("Helvetica", size=12)
        made.multi_cell(110, 6, text)
        made.set_y(-30)
        made.cell(0, 10, f"- {number} -")
    if passwords:
        made.set_encryption(*passwords)
    return bytes(made.output())


def parse(data: bytes, name: str) -> Article:
    return articles.parse(data, PurePath(name), name)


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


class TestPdf:
    def test_its_lines_become_paragraphs_and_its_pages_are_known(self) -> None:
        article = parse(pdf(HARBOUR, title="The harbour of Nordvik"), "harbour.pdf")
        assert article.text == "\n\n".join(HARBOUR)
        assert (article.title, article.language) == ("The harbour of Nordvik", "en-GB")
        for number, text in enumerate(HARBOUR, start=1):
            start = article.text.index(text)
            assert Span(article, start, start + len(text)).page == number
            assert Span(article, start + len(text) - 1, start + len(text)).page == number

    def test_a_citation_names_the_page_on_which_its_quote_stands(
        self, tmp_path: Path, index: Index
    ) -> None:
        (tmp_path / "harbour.pdf").write_bytes(pdf(["", *HARBOUR]))
        sync.add(index, tmp_path / "harbour.pdf")
        answer = compose.pipeline(index)("Who built the mole anew?")
        assert answer.short == "Ada Holm"
        (citation,) = answer.citations
        assert citation.page == 4
        pages = pypdf.PdfReader(tmp_path / "harbour.pdf").pages
        on_it = " ".join(pages[3].extract_text().split())
        assert citation.quote in on_it
        assert answer.to_dict()["citations"][0]["page"] == 4  # type: ignore[index]

    def test_its_first_line_is_its_title_where_a_program_gave_it_another(self) -> None:
        pages = ["The harbour of Nordvik\n\n" + HARBOUR[0], *HARBOUR[1:]]
        article = parse(pdf(pages, "Microsoft Word - h2.doc"), "h.pdf")
        assert article.title == "The harbour of Nordvik"

    def test_one_that_needs_no_password_to_be_read_is_read(self) -> None:
        article = parse(pdf(HARBOUR, passwords=("secret", "")), "harbour.pdf")
        assert article.text.startswith(HARBOUR[0])

    def test_one_with_a_password_is_refused(self) -> None:
        data = pdf(HARBOUR, passwords=("secret", "open"))
        with pytest.raises(SourceError, match=r"harbour\.pdf is encrypted; save it without a pass"):
            parse(data, "harbour.pdf")

    def test_one_of_pictures_is_refused(self) -> None:
        empty = fpdf.FPDF()
        empty.add_page()
        with pytest.raises(SourceError, match="holds pictures of pages and no text; recognise it"):
            parse(bytes(empty.output()), "scan.pdf")

    def test_a_damaged_one_is_refused(self) -> None:
        data = pdf(HARBOUR)
        for spoiled in (data[: len(data) // 3], b"%PDF-1.7\n", b"", b"\0" * 100):
            with pytest.raises(SourceError, match=r"h\.pdf (?:is damaged|holds pictures)"):
                parse(spoiled, "h.pdf")

    def test_one_that_takes_too_long_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "SECONDS", 1)
        bomb = pypdf.PdfWriter(io.BytesIO(pdf(["a"])))
        stream = StreamObject()
        stream.set_data(b"BT /F1 12 Tf\n" + b"(a) Tj\n" * 8_000_000 + b"ET\n")
        bomb.pages[0][NameObject("/Contents")] = bomb._add_object(stream.flate_encode())
        file = io.BytesIO()
        bomb.write(file)
        assert len(file.getvalue()) < articles.MAX_BYTES
        with pytest.raises(SourceError, match=r"bomb\.pdf takes more than .* to read; save it"):
            parse(file.getvalue(), "bomb.pdf")


class TestWord:
    def test_paragraphs_and_rows_of_tables_are_read_in_order(self) -> None:
        document = docx.Document()
        document.core_properties.title = "The harbour"
        document.core_properties.language = "en_us"
        document.add_heading("Harbour", 1)
        document.add_paragraph(HARBOUR[0])
        table = document.add_table(2, 2)
        for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells],
                              ["year", "tonnes", "1938", "4,150"], strict=True):  # fmt: skip
            cell.text = text
        document.add_paragraph("Cafe\u0301s came later.\nThey stayed.")
        article = parse(saved(document), "harbour.docx")
        assert (article.title, article.language, article.pages) == ("The harbour", "en-US", ())
        assert article.text == (
            f"Harbour\n\n{HARBOUR[0]}\n\nyear | tonnes\n\n1938 | 4,150\n\n"
            "Cafés came later. They stayed."
        )

    def test_one_that_unpacks_to_gigabytes_is_refused(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", b"")
            with archive.open("word/document.xml", "w", force_zip64=True) as part:
                for _ in range(300):
                    part.write(b" " * 1_000_000)
        with pytest.raises(SourceError, match=r"bomb\.docx unpacks to more than 200 MB"):
            parse(file.getvalue(), "bomb.docx")

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>", b"\xd0\xcf\x11\xe0"])
    def test_what_is_none_is_refused(self, data: bytes) -> None:
        with pytest.raises(SourceError, match=r"a\.docx is damaged \(.*\); save it anew"):
            parse(data, "a.docx")


class TestPowerPoint:
    def test_each_slide_is_a_page(self) -> None:
        presentation = pptx.Presentation()
        for number, text in enumerate(HARBOUR, start=1):
            slide = presentation.slides.add_slide(presentation.slide_layouts[1])
            slide.shapes.title.text = f"Part {number}"
            slide.placeholders[1].text = text
            slide.notes_slide.notes_text_frame.text = f"Speak slowly, {number}."
        article = parse(saved(presentation), "talk.pptx")
        for number, text in enumerate(HARBOUR, start=1):
            for words in (text, f"Part {number}", f"Speak slowly, {number}."):
                start = article.text.index(words)
                assert Span(article, start, start + len(words)).page == number


LOCK = (
    b'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
    b"<manifest:encryption-data/></manifest:file-entry>"
)


def rewritten(archive: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a ZIP archive in which one file was changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(file, "w") as new:
        for one in old.namelist():
            data = old.read(one)
            new.writestr(one, change(data) if one == name else data)
    return file.getvalue()


class TestOpenDocument:
    def test_paragraphs_lists_and_rows_of_tables_are_read_in_order(self) -> None:
        document = odfdo.Document("text")
        document.meta.title, document.meta.language = "The harbour", "en-GB"
        body = document.body
        body.clear()
        body.append(odfdo.Header(1, "Harbour"))
        body.append(odfdo.Paragraph(HARBOUR[0]))
        items = odfdo.List()
        for text in ("Herring,  first", "cod\tthen"):
            items.append_item(odfdo.ListItem(text))
        body.append(items)
        table = odfdo.Table("Landed", width=2, height=2)
        for place, text in zip([(0, 0), (1, 0), (0, 1), (1, 1)],
                               ["year", "tonnes", "1938", "4,150"], strict=True):  # fmt: skip
            table.set_value(place, text)
        body.append(table)
        article = parse(saved(document), "harbour.odt")
        assert (article.title, article.language, article.pages) == ("The harbour", "en-GB", ())
        assert article.text == (
            f"Harbour\n\n{HARBOUR[0]}\n\nHerring, first\n\ncod then\n\n"
            "year | tonnes\n\n1938 | 4,150"
        )

    def test_links_pictures_and_boxes_leave_only_the_words_that_are_seen(self) -> None:
        box = (
            "<draw:frame><draw:text-box><text:p>In a box.</text:p><table:table><table:table-row>"
            "<table:table-cell><text:p>1938</text:p></table:table-cell>"
            "<table:table-cell><text:p>4,150</text:p></table:table-cell>"
            "</table:table-row></table:table></draw:text-box></draw:frame>"
        )
        picture = (
            '<draw:frame><draw:image xlink:href="Pictures/x.png"/>'
            "<svg:title>Mole</svg:title><svg:desc>A mole</svg:desc></draw:frame>"
        )
        text = (
            f'<text:p>See <text:a xlink:href="https://a.test/r">the <text:span>report</text:span>'
            f'</text:a>, p.<text:s text:c="3"/>3.<text:line-break/>It is long.</text:p>'
            f"<text:p>Before {picture}and {box}after.</text:p><text:p>{picture}</text:p>"
            "<!-- no word --><text:p>Last<!-- no --> words.</text:p>"
        )
        body = text.encode() + b"</office:text>"
        made = rewritten(
            saved(odfdo.Document("text")),
            "content.xml",
            lambda data: data.replace(b"</office:text>", body, 1),
        )
        assert parse(made, "a.odt").text == (
            "See the report, p. 3. It is long.\n\nBefore and after.\n\nIn a box.\n\n"
            "1938 | 4,150\n\nLast words."
        )

    def test_what_is_said_of_the_document_may_be_lacking(self) -> None:
        document = odfdo.Document("text")
        document.body.append(odfdo.Paragraph(HARBOUR[0]))
        file = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(saved(document))) as whole,
            zipfile.ZipFile(file, "w") as bare,
        ):
            bare.writestr("content.xml", whole.read("content.xml"))
        assert parse(file.getvalue(), "a.odt").text == HARBOUR[0]

    def test_remarks_and_what_was_deleted_are_no_part_of_the_text(self) -> None:
        document = odfdo.Document("text")
        body = document.body
        body.clear()
        paragraph = odfdo.Paragraph("The mole was built of granite.")
        paragraph.insert_annotation(after="mole", body="Of wood?", creator="The editor")
        paragraph.insert_note(after="built", note_id="n1", citation="1", body="In 1955.")
        body.append(paragraph)
        change = (
            "<text:tracked-changes><text:changed-region><text:deletion>"
            "<text:p>The mole was built of wood.</text:p>"
            "</text:deletion></text:changed-region></text:tracked-changes>"
        )
        body.insert(odfdo.Element.from_tag(change), position=0)
        assert parse(saved(document), "a.odt").text == "The mole was built of granite."

    def test_each_slide_is_a_page(self) -> None:
        document = odfdo.Document("presentation")
        document.body.clear()
        for number, text in enumerate(HARBOUR, start=1):
            slide = odfdo.DrawPage(f"page{number}", name=f"Part {number}")
            texts = [odfdo.Paragraph(f"Part {number}"), odfdo.Paragraph(text)]
            slide.append(odfdo.Frame.text_frame(texts))
            document.body.append(slide)
        article = parse(saved(document), "talk.odp")
        for number, text in enumerate(HARBOUR, start=1):
            for words in (text, f"Part {number}"):
                start = article.text.index(words)
                assert Span(article, start, start + len(words)).page == number

    def test_one_with_a_password_is_refused(self) -> None:
        locked = rewritten(
            saved(odfdo.Document("text")),
            "META-INF/manifest.xml",
            lambda data: data.replace(b"</manifest:manifest>", LOCK + b"</manifest:manifest>"),
        )
        with pytest.raises(SourceError, match=r"a\.odt is encrypted; save it without a password"):
            parse(locked, "a.odt")

    def test_entities_that_grow_are_refused(self) -> None:
        entities = "".join(
            f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12)
        )

        def grow(data: bytes) -> bytes:
            head, _, rest = data.partition(b"?>")
            kind = f"<!DOCTYPE office:document-content [{entities}]>".encode()
            paragraph = b"<text:p>&e11;</text:p></office:text>"
            return head + b"?>" + kind + rest.replace(b"</office:text>", paragraph, 1)

        bomb = rewritten(saved(odfdo.Document("text")), "content.xml", grow)
        assert b"&e11;" in zipfile.ZipFile(io.BytesIO(bomb)).read("content.xml")
        with pytest.raises(SourceError, match=r"bomb\.odt (is damaged|takes more|holds)"):
            parse(bomb, "bomb.odt")

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>"])
    def test_what_is_none_is_refused(self, data: bytes) -> None:
        with pytest.raises(SourceError, match=r"a\.odt is damaged \(.*\); save it anew"):
            parse(data, "a.odt")


@pytest.mark.skipif(
    not shutil.which("soffice"),
    reason="LibreOffice is not here; apt install libreoffice-writer",
)
@pytest.mark.parametrize("suffix", ["pdf", "docx", "odt"])
def test_what_libreoffice_writes_is_read(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "harbour.txt").write_text("\n\n".join(HARBOUR), "utf-8")
    subprocess.run(
        ["soffice", "--headless", "--convert-to", suffix, "harbour.txt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    article = parse((tmp_path / f"harbour.{suffix}").read_bytes(), f"harbour.{suffix}")
    for text in HARBOUR:
        assert text in article.text
