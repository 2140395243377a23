"""Files become articles: what is kept, what is dropped, and what is refused with a remedy."""

from __future__ import annotations

import contextlib
import html
import os
import unicodedata
from datetime import date
from pathlib import Path, PurePath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import articles
from retrieval.errors import SourceError
from retrieval.types import Article
from tests import strategies

PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Quake kills dozens | The Paper</title>
<meta property="og:title" content="Quake kills dozens">
<link rel="canonical" href="https://paper.example/quake">
<meta property="article:published_time" content="2023-09-09T10:00:00Z"></head>
<body><nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>Quake kills dozens</h1>
<p>A strong earthquake struck Morocco late on Friday, killing dozens of people and damaging
<b>buildings</b> from villages in the Atlas Mountains to the historic city of Marrakesh.</p>
<p>Rescuers dug through the rubble on Saturday. The toll is &ldquo;at least 296&rdquo;, officials
said &amp; it may rise.</p></article>
<script>alert("never shown")</script><footer>Copyright 2019 The Paper</footer></body></html>
"""
PUBLISHED = '<meta property="article:published_time" content="2023-09-09T10:00:00Z">'
UNDATED = PAGE.replace(PUBLISHED, "").replace("Copyright 2019", "Copyright")


def parse(content: str | bytes, name: str) -> Article:
    data = content.encode() if isinstance(content, str) else content
    return articles.parse(data, PurePath(name), article_id="the id")


def markdown(text: str) -> str:
    return parse(text, "a.md").text


class TestPlainText:
    def test_a_first_line_without_a_full_stop_is_the_title(self) -> None:
        article = parse("Quake kills dozens\n\nThe toll may rise.", "folder/quake.txt")
        assert article == Article(
            id="the id",
            title="Quake kills dozens",
            text="Quake kills dozens\n\nThe toll may rise.",
            url=None,
            published=None,
            path="folder/quake.txt",
        )

    @pytest.mark.parametrize(
        "text",
        [
            "It rained.\n\nIt stopped.",
            "Did it rain?\n\nIt did.",
            "“It rained.”\n\nIt did.",
            "Only one line",
            "A first line that is far too long for a title " * 4 + "\n\nIt rained.",
        ],
    )
    def test_where_there_is_no_headline_the_name_of_the_file_is_the_title(self, text: str) -> None:
        assert parse(text, "folder/morning-news.txt").title == "morning-news"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_utf_8_and_what_a_byte_order_mark_names_is_read(self, encoding: str) -> None:
        article = parse("Café\n\nDéjà vu 👩‍🚀.".encode(encoding), "a.txt")
        assert (article.title, article.text) == ("Café", "Café\n\nDéjà vu 👩‍🚀.")

    def test_big_endian_utf_16_with_its_mark_is_read(self) -> None:
        assert parse("\ufeffCafé".encode("utf-16-be"), "a.txt").text == "Café"

    @pytest.mark.parametrize("name", ["a.TXT", "a.Txt", "a.MD", "b.c.Md"])
    def test_the_case_of_a_suffix_does_not_matter(self, name: str) -> None:
        assert parse("It rained.", name).text == "It rained."

    @settings(max_examples=50)
    @given(strategies.raw_texts)
    def test_its_text_is_the_files_text_normalised(self, text: str) -> None:
        expected = articles.normalise(text)
        if "\0" in text or not expected:
            with pytest.raises(SourceError):
                parse(text, "a.txt")
        else:
            assert parse(text, "a.txt").text == expected


class TestMarkdown:
    def test_front_matter_gives_title_url_and_date(self) -> None:
        article = parse(
            '---\ntitle: "Toll: 102"\nurl: https://example.org/a?b=c\npublished: 2024-08-08\n'
            "author: somebody\n---\n\n# Another title\n\nThe toll rose.\n",
            "folder/toll.md",
        )
        assert article == Article(
            id="the id",
            title="Toll: 102",
            text="Another title\n\nThe toll rose.",
            url="https://example.org/a?b=c",
            published=date(2024, 8, 8),
            path="folder/toll.md",
        )

    def test_without_front_matter_the_first_heading_is_the_title(self) -> None:
        article = parse("Intro.\n\n## The *toll*\n\n# Later\n", "a.md")
        assert (article.title, article.url, article.published) == ("The toll", None, None)

    def test_a_heading_may_be_underlined(self) -> None:
        assert parse("The toll\n========\n\nIt rose.", "a.md").title == "The toll"

    def test_without_any_title_the_name_of_the_file_is_the_title(self) -> None:
        assert parse("It rose.", "folder/the-toll.md").title == "the-toll"
        assert parse("---\ntitle:\n---\nIt rose.", "folder/the-toll.md").title == "the-toll"

    @pytest.mark.parametrize(
        ("written", "title"),
        [
            ("1984", "1984"),
            ("2024-08-08", "2024-08-08"),
            ('"one\\n  two"', "one two"),
            ('"\\e[1mbold"', "[1mbold"),
            ("'  '", "a"),
            ("[one, two]", "a"),
        ],
    )
    def test_a_title_is_one_line_of_text(self, written: str, title: str) -> None:
        assert parse(f"---\ntitle: {written}\n---\nIt rose.", "a.md").title == title

    def test_a_url_is_one_line_of_text(self) -> None:
        article = parse('---\nurl: "https://example.org/a\\n[2] forged"\n---\nIt rose.', "a.md")
        assert article.url is not None
        assert "\n" not in article.url

    @pytest.mark.parametrize(
        ("written", "published"),
        [
            ("2024-08-08", date(2024, 8, 8)),
            ("'2024-08-08'", date(2024, 8, 8)),
            ("2024-08-08 10:00", date(2024, 8, 8)),
            ("2024-08-08T23:30:00-10:00", date(2024, 8, 8)),
            ("2024-08-08T10:00:00Z", date(2024, 8, 8)),
            ("", None),
            ("null", None),
        ],
    )
    def test_a_date_may_have_a_time(self, written: str, published: date | None) -> None:
        article = parse(f"---\npublished: {written}\n---\nIt rose.", "a.md")
        assert article.published == published
        assert type(article.published) is type(published)

    @pytest.mark.parametrize("written", ["8 August 2024", "08/08/2024", "2024", "true", "[1, 2]"])
    def test_another_form_of_date_is_refused_and_the_right_one_shown(self, written: str) -> None:
        with pytest.raises(SourceError, match=r"a\.md has published: .* date as 2022-01-31\.$"):
            parse(f"---\npublished: {written}\n---\nIt rose.", "a.md")

    @pytest.mark.parametrize("written", ["2024-02-30", "2024-13-01"])
    def test_a_day_that_does_not_exist_is_refused(self, written: str) -> None:
        with pytest.raises(SourceError, match=r"^a\.md has "):
            parse(f"---\npublished: {written}\n---\nIt rose.", "a.md")

    @pytest.mark.parametrize(
        "front_matter",
        [
            "title: [unclosed",
            "title: 'unclosed",
            "title: a\n  b: c",
            "title: !!python/object:os.system x",
            "title: !!int",
            "title: !!float ''",
            "title: !!bool perhaps",
            "title: !!timestamp May",
            "title: *nobody",
            "title: a\x1b[1m",
            "a: " + "[" * 3_000,
        ],
    )
    def test_front_matter_that_is_not_yaml_is_refused_with_a_remedy(
        self, front_matter: str
    ) -> None:
        with pytest.raises(SourceError, match=r"^a\.md has front matter that is not valid YAML"):
            parse(f"---\n{front_matter}\n---\nIt rose.", "a.md")

    @pytest.mark.parametrize("key", ["title", "url", "published"])
    def test_a_number_too_long_to_write_out_is_no_traceback(self, key: str) -> None:
        with contextlib.suppress(SourceError):
            parse(f"---\n{key}: 0x{'f' * 5_000}\n---\nIt rose.", "a.md")

    @pytest.mark.parametrize("words", ["The bridge is 503 metres long.", "a word"])
    def test_text_between_two_rules_is_text_and_not_lost(self, words: str) -> None:
        article = parse(f"---\n\n{words}\n\n---\n\nIt rose.", "a.md")
        assert (article.title, article.text) == ("a", f"{words}\n\nIt rose.")

    def test_aliases_in_front_matter_are_refused_before_they_grow(self) -> None:
        bomb = "a: &a {x: 1}\n" + "".join(
            f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        )
        with pytest.raises(SourceError, match="aliases are not allowed"):
            parse(f"---\n{bomb}---\nIt rose.", "a.md")

    def test_front_matter_may_have_windows_line_ends(self) -> None:
        article = parse("---\r\ntitle: Toll\r\n---\r\nIt\r\nrose.\r\n\r\nAnd fell.\r\n", "a.md")
        assert (article.title, article.text) == ("Toll", "It rose.\n\nAnd fell.")

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            pytest.param("# One\n## Two", "One\n\nTwo", id="headings"),
            pytest.param("*a* **b** ***c*** _d_ __e__", "a b c d e", id="emphasis"),
            pytest.param("Un*believ*able", "Unbelievable", id="emphasis within a word"),
            pytest.param("[the report](http://e.org/x_y)", "the report", id="link"),
            pytest.param("[a [b] *c*](<u v> 'title')", "a [b] c", id="link with markup"),
            pytest.param("[the report][1]\n\n[1]: http://e.org", "the report", id="reference"),
            pytest.param("<https://e.org/a>", "https://e.org/a", id="address"),
            pytest.param("![a *red* car](car.png)", "a red car", id="image"),
            pytest.param("[![a car](car.png)](http://e.org)", "a car", id="image in a link"),
            pytest.param("one\ntwo", "one two", id="soft break"),
            pytest.param("one\\\ntwo", "one\ntwo", id="hard break"),
            pytest.param("one  \ntwo", "one\ntwo", id="hard break of blanks"),
            pytest.param("- one\n- two\n  - three", "one\n\ntwo\n\nthree", id="list"),
            pytest.param("- one\n\n- two", "one\n\ntwo", id="loose list"),
            pytest.param("1. one\n2. two", "one\n\ntwo", id="numbered list"),
            pytest.param("> one\n> two\n\nthree", "one two\n\nthree", id="block quotation"),
            pytest.param(
                "| a | b |\n|---|--:|\n| 1 | *2* |\n| 3 |  |",
                "a | b\n\n1 | 2\n\n3 |",
                id="table",
            ),
            pytest.param("use `x < 1` here", "use x < 1 here", id="code in a line"),
            pytest.param("```py\nx = 1\n\ny = 2\n```", "x = 1\n\ny = 2", id="fenced code"),
            pytest.param("a\n\n    x = *1*", "a\n\nx = *1*", id="indented code"),
            pytest.param("AT&amp;T &copy; &#8220;x&#8221;", "AT&T © “x”", id="entities"),
            pytest.param(r"\*not\* 2\. \[x\]", "*not* 2. [x]", id="escapes"),
            pytest.param("a <b>bold</b> word", "a bold word", id="HTML in a line"),
            pytest.param("a <!-- not shown --> b", "a  b", id="comment"),
            pytest.param("one\n\n---\n\ntwo", "one\n\ntwo", id="rule"),
            pytest.param("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c", id="no markup"),
        ],
    )
    def test_it_is_read_as_plain_text(self, source: str, text: str) -> None:
        assert markdown(source) == text

    def test_words_on_either_side_of_a_break_are_not_stuck_together(self) -> None:
        table = "| toll |\n|---|\n| 3 dead<br />4 hurt |"
        assert markdown(table).split() == ["toll", "3", "dead", "4", "hurt"]
        assert markdown("3 dead<br>4 hurt<br/>5").split() == ["3", "dead", "4", "hurt", "5"]


class TestHtml:
    def test_the_article_of_a_page_is_read_without_the_page(self) -> None:
        article = parse(PAGE, "folder/quake.html")
        assert article == Article(
            id="the id",
            title="Quake kills dozens",
            text="Quake kills dozens\n\n"
            "A strong earthquake struck Morocco late on Friday, killing dozens of people and "
            "damaging buildings from villages in the Atlas Mountains to the historic city of "
            "Marrakesh.\n\n"
            "Rescuers dug through the rubble on Saturday. The toll is “at least 296”, officials "
            "said & it may rise.",
            url="https://paper.example/quake",
            published=date(2023, 9, 9),
            path="folder/quake.html",
            language="en",
        )

    @pytest.mark.parametrize("line_end", ["\r\n", "\r"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_line_ends_and_encoding_do_not_matter(self, line_end: str, encoding: str) -> None:
        data = PAGE.replace("\n", line_end).encode(encoding)
        assert parse(data, "a.htm").text == parse(PAGE, "a.htm").text

    def test_an_encoding_that_the_page_names_is_used(self) -> None:
        page = PAGE.replace("utf-8", "iso-8859-1").replace("Rescuers", "Pompiers français")
        assert "Pompiers français dug" in parse(page.encode("iso-8859-1"), "a.html").text

    @pytest.mark.parametrize(
        "page",
        [
            pytest.param(PAGE.replace(PUBLISHED, ""), id="a year in the footer"),
            pytest.param(
                UNDATED.replace("Saturday.", "Saturday, as on 3 March 2011."),
                id="a date in the story",
            ),
            pytest.param(UNDATED, id="no date at all"),
        ],
    )
    def test_a_page_that_does_not_say_when_it_was_published_has_no_date(self, page: str) -> None:
        assert parse(page, "a.html").published is None

    @pytest.mark.parametrize(
        "data",
        [
            b"<html></html>",
            b"<p>",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"\0" * 100,
            b"<svg><svg><html>",
        ],
    )
    def test_a_page_without_an_article_is_refused_with_a_remedy(self, data: bytes) -> None:
        with pytest.raises(SourceError, match=r"^a\.html holds no article .* as \.txt\.$"):
            parse(data, "a.html")

    @settings(max_examples=25)
    @given(strategies.raw_texts)
    def test_whatever_a_page_holds_its_text_is_stored_normalised(self, text: str) -> None:
        page = PAGE.replace("Rescuers", html.escape(text).replace("\0", ""))
        stored = parse(page, "a.html").text
        assert stored == articles.normalise(stored)
        assert "The toll is “at least 296”" in stored


PROSE = {
    "cp1252": "Der Bürgermeister sagte, die Brücke über den Rhein werde für drei Wochen gesperrt.",
    "cp1250": "Burmistrz powiedział, że most będzie zamknięty przez trzy tygodnie.",
    "cp1251": "Мэр сказал, что мост будет закрыт на три недели из-за ремонта опор и дороги.",
    "koi8_r": "Мэр сказал, что мост будет закрыт на три недели из-за ремонта опор и дороги.",
    "cp1253": "Ο δήμαρχος είπε ότι η γέφυρα θα κλείσει για τρεις εβδομάδες λόγω επισκευών.",
    "cp932": "市長は火曜日、橋の修理のため道路を三週間閉鎖すると発表し、住民に謝った。",
    "gb18030": "市长星期二宣布，由于维修桥梁，道路将关闭三个星期，并向居民道歉。",
    "cp949": "시장은 화요일에 다리 수리 때문에 도로를 삼 주 동안 닫는다고 발표했다.",
}


class TestCharacterSets:
    @pytest.mark.parametrize("name", ["a.txt", "a.md"])
    @pytest.mark.parametrize("encoding", PROSE)
    def test_the_character_set_of_prose_is_found_out(self, encoding: str, name: str) -> None:
        text = f"{PROSE[encoding]} {PROSE[encoding]}"
        assert parse(text.encode(encoding), name).text == articles.normalise(text)


class TestLanguage:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [("en_gb", "en-GB"), ("DE", "de"), ("zh-Hant-TW", "zh-Hant-TW"), ("[de, en]", None),
         ("English, of course", None), ("x", None)],
    )  # fmt: skip
    def test_the_tag_that_a_source_gives_is_kept(self, given: str, kept: str | None) -> None:
        assert parse(f"---\nlanguage: {given}\n---\nIt rained.", "a.md").language == kept


class TestWhatIsRefused:
    @pytest.mark.parametrize("name", ["a.doc", "a.png", "a", "a.txt.gz", ".md"])
    def test_another_kind_of_file(self, name: str) -> None:
        with pytest.raises(SourceError, match=r"cannot be read; use \.docx, \.htm, \.html, \.md, "):
            parse("It rained.", name)

    @pytest.mark.parametrize("name", ["a.txt", "a.md"])
    @pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\x1b\x07\xe2\x80\xa8"])
    def test_a_file_without_text(self, data: bytes, name: str) -> None:
        with pytest.raises(SourceError, match="holds no text; add some, or leave it out"):
            parse(data, name)

    def test_front_matter_without_text(self) -> None:
        with pytest.raises(SourceError, match="holds no text"):
            parse("---\ntitle: Toll\n---\n\n", "a.md")

    @pytest.mark.parametrize("name", ["a.txt", "a.md"])
    @pytest.mark.parametrize(
        "data",
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"text\0text", "café".encode("utf-16-le"), b"\xff\0\0"],
    )
    def test_a_binary_file(self, data: bytes, name: str) -> None:
        with pytest.raises(SourceError, match="is binary, not text; convert it to one of"):
            parse(data, name)

    @pytest.mark.parametrize("name", ["a.txt", "a.md"])
    @pytest.mark.parametrize("data", [b"caf\xe9 noir", b"ab\xc3", b"\xed\xa0\x80"])
    def test_what_is_not_utf_8(self, data: bytes, name: str) -> None:
        with pytest.raises(SourceError, match=r"is not valid UTF-8 \(byte \d+\); save it as UTF-8"):
            parse(data, name)

    def test_utf_8_with_a_broken_place_is_not_taken_for_something_else(self) -> None:
        with pytest.raises(SourceError, match="is not valid UTF-8"):
            parse(PROSE["cp1252"].encode() + b"\xc3", "a.txt")

    @settings(max_examples=50)
    @given(st.sampled_from(("a.txt", "a.md", "a.html")), st.binary(max_size=200))
    @example("a.md", b"---\n\xef\xbb\xbf: \x85\n---\nx")
    @example("a.md", b"{\n}")
    @example("a.html", b"<?xml version='1.0' encoding='nonsense'?><p>x")
    def test_no_bytes_raise_anything_but_a_source_error(self, name: str, data: bytes) -> None:
        try:
            article = parse(data, name)
        except SourceError:
            return
        assert article.text == articles.normalise(article.text) != ""
        assert article.title

    @settings(max_examples=50)
    @given(strategies.raw_texts, strategies.raw_texts)
    def test_no_front_matter_raises_anything_but_a_source_error(self, meta: str, text: str) -> None:
        try:
            article = parse(f"---\ntitle: {meta}\n---\n{text}", "a.md")
        except SourceError:
            return
        assert article.text == articles.normalise(article.text) != ""
        assert article.title == " ".join(article.title.split()) != ""


class TestLoad:
    def test_a_file_is_read_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_bytes(b"\xef\xbb\xbfa\r\n\0")
        assert articles.load(path) == b"\xef\xbb\xbfa\r\n\0"

    def test_a_file_of_50_mb_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        with path.open("wb") as file:
            file.truncate(50_000_000)
        with pytest.raises(SourceError, match=r"a\.txt has 50 MB; split it into files of at most"):
            articles.load(path)

    def test_the_largest_file_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        with path.open("wb") as file:
            file.truncate(articles.MAX_BYTES)
        assert len(articles.load(path)) == articles.MAX_BYTES
        with path.open("ab") as file:
            file.truncate(articles.MAX_BYTES + 1)
        with pytest.raises(SourceError, match="split it"):
            articles.load(path)

    def test_a_file_that_is_not_there_is_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"No such file.*; check the path"):
            articles.load(tmp_path / "missing.txt")

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="is not a file"):
            articles.load(tmp_path)

    def test_what_never_ends_is_not_read(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.txt")
        with pytest.raises(SourceError, match="is not a file"):
            articles.load(tmp_path / "pipe.txt")


class TestFind:
    @staticmethod
    def found(folder: Path) -> list[str]:
        return [path.relative_to(folder).as_posix() for path in articles.find(folder)]

    @staticmethod
    def make(folder: Path, *names: str) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"x")

    def test_files_come_in_order_of_name_with_those_of_folders_below(self, tmp_path: Path) -> None:
        self.make(tmp_path, "c.md", "b/z.txt", "b/a.htm", "a.HTML", "b/c/d.md", "é.txt", "b.txt")
        expected = ["a.HTML", "b/a.htm", "b/c/d.md", "b/z.txt", "b.txt", "c.md", "é.txt"]
        assert self.found(tmp_path) == expected

    def test_other_files_are_passed_over(self, tmp_path: Path) -> None:
        self.make(tmp_path, "a.txt", "a.doc", "README", "a.txt~", "a.md.bak", "image.png")
        (tmp_path / "folder.txt").mkdir()
        assert self.found(tmp_path) == ["a.txt"]

    def test_what_is_hidden_is_passed_over(self, tmp_path: Path) -> None:
        self.make(tmp_path, "a.txt", ".hidden.txt", ".git/b.txt", "c/.d/e.md", "c/.f.md")
        assert self.found(tmp_path) == ["a.txt"]

    def test_a_hidden_folder_may_be_named_itself(self, tmp_path: Path) -> None:
        self.make(tmp_path, ".notes/a.txt")
        assert self.found(tmp_path / ".notes") == ["a.txt"]

    def test_a_linked_folder_is_not_followed_so_that_a_circle_ends(self, tmp_path: Path) -> None:
        self.make(tmp_path, "a/b.txt")
        (tmp_path / "a" / "circle").symlink_to(tmp_path)
        (tmp_path / "a" / "broken.txt").symlink_to(tmp_path / "missing")
        assert self.found(tmp_path) == ["a/b.txt"]

    def test_an_empty_folder_has_none(self, tmp_path: Path) -> None:
        assert self.found(tmp_path) == []

    def test_a_missing_folder_is_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(
            SourceError, match=r"missing is not a folder; name one that holds \.docx"
        ):
            self.found(tmp_path / "missing")

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        self.make(tmp_path, "a.txt")
        with pytest.raises(SourceError, match="is not a folder"):
            self.found(tmp_path / "a.txt")


class TestNormalise:
    @pytest.mark.parametrize(
        ("raw", "stored"),
        [
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("a\u2028b\u2029c\x85d\ve\ff", "a\nb\nc\nd\ne\nf"),
            ("a\n\n\n\n\nb", "a\n\nb"),
            ("a\r\n\r\n \r\n\r\nb", "a\n\nb"),
            ("  a  \n\t b\t\n", "a\n\t b"),
            ("cafe\u0301", "café"),
            ("cafe\x00\u0301", "café"),
            ("\ufeffa\ufeffb", "ab"),
            ("\x1b[1mbold\x1b[0m", "[1mbold[0m"),
            ("\x1b]0;title\x07a\x9b31mb\x7f", "]0;titlea31mb"),
            ("a\x00b", "ab"),
            ("a\ud800b", "ab"),
            ("👨‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️", "👨‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️"),
            ("\u200fשלום\u200e", "\u200fשלום\u200e"),
            ("\x1b \r\n\t", ""),
            ("", ""),
        ],
    )
    def test_text_is_stored_in_one_form(self, raw: str, stored: str) -> None:
        assert articles.normalise(raw) == stored

    @settings(max_examples=100)
    @given(strategies.raw_texts)
    @example("a \x00\n\x1b\n \u0301\n\n\nb\u2028\u2028\u2028c")
    def test_normalising_twice_changes_nothing(self, text: str) -> None:
        once = articles.normalise(text)
        assert articles.normalise(once) == once

    @settings(max_examples=100)
    @given(strategies.raw_texts)
    def test_no_control_character_is_left_but_newline_and_tab(self, text: str) -> None:
        stored = articles.normalise(text)
        kept = {c for c in stored if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
        assert kept <= {"\n", "\t"}

    @settings(max_examples=100)
    @given(strategies.raw_texts)
    def test_text_is_composed(self, text: str) -> None:
        assert unicodedata.is_normalized("NFC", articles.normalise(text))

    @settings(max_examples=100)
    @given(strategies.raw_texts)
    def test_no_line_ends_in_a_blank_and_no_two_lines_in_a_row_are_blank(self, text: str) -> None:
        stored = articles.normalise(text)
        assert stored == stored.strip()
        assert all(line == line.rstrip() for line in stored.split("\n"))
        assert "\n\n\n" not in stored

    @settings(max_examples=100)
    @given(strategies.raw_texts)
    def test_no_word_is_lost(self, text: str) -> None:
        def letters(some: str) -> list[str]:
            composed = unicodedata.normalize("NFC", some)
            return [c for c in composed if unicodedata.category(c)[0] in "LNPS"]

        without_controls = "".join(c for c in text if unicodedata.category(c) != "Cc")
        assert letters(articles.normalise(text)) == letters(without_controls)
