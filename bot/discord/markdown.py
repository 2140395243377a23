"""Text of sources and of users is made to mean nothing in Discord's Markdown.

Discord shows a character literally after a backslash.  What it finds without parsing, such as
invites and ``@everyone``, is broken up by a zero-width space, which nobody sees.  Every escape
stands where its character stands, so escaped text may be cut anywhere but within an escape.
"""

from __future__ import annotations

import re
from datetime import date
from unicodedata import category, normalize
from urllib.parse import unquote, urlsplit

from bot.render import shown
from retrieval.wording import dated, paged

TITLE = 150
"""The most characters of a title in a link."""

_BREAK = "\u200b"
_MOST_MARKS = 8
"""More than any language puts on one letter; a column of hundreds hides its neighbours."""

_LONGEST_URL = 512
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u206f\u2800"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_DOTS = "[.\u2024\ufe52\uff0e]"
_FOUND_UNPARSED = re.compile(
    r"[@＠﹫]"
    r"|[:︓﹕：](?=[/／])"
    # The dot of a host, and not of 7.8 or U.N.
    rf"|{_DOTS}(?=[^\W\d]\S|[^\s\x00-\x7f]\S)(?!\w{_DOTS})"
    r"|[%％﹪](?=\w\w)"
)
_MARKUP = re.compile(
    r"[\\*_~`|<>\[\]#+:/&]"
    # A dash or a number begins a list where a cut may bring it to the start of a line.
    r"|-(?![^\W_])"
    r"|(?<=\d)\.(?=\s|$)"
)
_OPEN, _CLOSE = "[［⁅❲⟦〔〚【", "]］⁆❳⟧〕〛】"
_BRACKETED = re.compile(
    f"[{re.escape(_OPEN)}]([^{re.escape(_OPEN + _CLOSE)}]*)[{re.escape(_CLOSE)}]"
)
_ROUND = str.maketrans("[]", "()")

_URL = re.compile(r"https?://[^\s<>()\[\]\\`\"|]+", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")
_LEADS_TO_DISCORD = re.compile(
    r"discord(?:app)?\.(?:com|net|gg|new|gifts?|media|me|io|li|link|co|dev|store)"
    r"|dsc\.gg|dis\.gd|invite\.gg|@everyone|@here"
)


def plain(text: str, longest: int | None = None) -> str:
    """Return foreign text on one line, so escaped that Discord shows it and does nothing else.

    A forged ``[7]`` becomes ``(7)``, as only the bot writes footnotes.

    Args:
        text: words of a source or of a user.
        longest: the most characters; the text is cut, between words if it can be, and
            escaped only then.
    """
    line = _BRACKETED.sub(_round_if_number, clean(text))
    if longest is not None and len(line) > longest:
        words = line[:longest].rpartition(" ")[0]
        line = (words if len(words) >= longest // 2 else line[: longest - 1]).rstrip() + "…"
    return escaped(line)


def quoted(text: str) -> str:
    """Return the exact words of a source, escaped; ``[7]`` stays, as it is theirs."""
    return escaped(clean(text))


def link(title: str, url: str | None) -> str:
    """Return a title, as a link if the URL is safe; it is cut to :data:`TITLE` characters."""
    target = safe_url(url)
    if target is None:
        return plain(title, TITLE) or "Untitled"
    # Discord counts the brackets of a link's text even where they are escaped.
    return f"[{plain(title.translate(_ROUND), TITLE) or 'Untitled'}](<{target}>)"


def dated_link(title: str, url: str | None, published: date | None, page: int | None = None) -> str:
    """Return a title as in :func:`link`, with its page and day of publication where known."""
    parts = [link(title, url)]
    if page:
        parts.append(paged(page))
    if published:
        parts.append(dated(published))
    return " · ".join(parts)


def safe_url(url: str | None) -> str | None:
    """Return the URL if it may be put in a link: to the web, not to Discord, with no way out.

    Parentheses, as in many addresses of Wikipedia, come back as ``%28`` and ``%29``.
    """
    url = (url or "").replace("(", "%28").replace(")", "%29")
    if len(url) > _LONGEST_URL or not url.isprintable() or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        _ = parts.port
    except ValueError:
        return None
    read = f"{host} {url}"
    for _ in range(3):
        read = unquote(read)
    is_discord = _LEADS_TO_DISCORD.search(normalize("NFKC", clean(read)).casefold())
    if is_discord or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return url


def clean(text: str) -> str:
    """Return text on one line, without what is not seen and without towers of accents."""
    kept = []
    marks = 0
    for character in shown(_UNSEEN.sub("", text)):
        marks = marks + 1 if category(character).startswith("M") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def escaped(text: str) -> str:
    """Return clean text, so escaped that Discord shows it literally."""
    return _MARKUP.sub(r"\\\g<0>", _FOUND_UNPARSED.sub(rf"\g<0>{_BREAK}", text))


def _round_if_number(bracketed: re.Match[str]) -> str:
    kinds = {category(character)[0] for character in bracketed[1]}
    return f"({bracketed[1]})" if "N" in kinds and "L" not in kinds else bracketed[0]
