"""`add`: take the article from a page, a file or standard input, and look at it."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.app import utc_now
from monitor.article import Article, read_apart
from monitor.config import Settings
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.topics import MAX_SEED_BYTES, MIN_SEED_WORDS, make_seed
from monitor.config.values import check_url
from monitor.errors import ArticleError, SeedwatchError
from monitor.feeds.address import bare
from monitor.feeds.charset import decode
from monitor.feeds.cures import cure
from monitor.fetch import Client
from monitor.records import Document, FetchFailure, Seed
from monitor.text.furniture import article_paragraphs
from monitor.text.language import detect
from monitor.text.markup import UNSEEN
from monitor.topics.profile import Profile
from monitor.topics.track import USUAL_LANGUAGE

# What a text of HTML begins with, white space aside.
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body|article|div|p)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_PASTE = "paste the article's text into a file, and name that; or pipe it: seedwatch add - < FILE"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An article, ready to be a seed."""

    # Where it is from, as a person said it.
    origin: str
    # Its page; None for a text.
    document: Document | None
    title: str
    paragraphs: tuple[str, ...]
    # As tracking will have it, and whether the text showed it.
    lang: str
    lang_is_sure: bool

    @property
    def text(self) -> str:
        """The text of the seed file: title, then paragraphs."""
        return "\n\n".join((self.title, *self.paragraphs)) + "\n"

    @property
    def words(self) -> int:
        """How many words it has; of scripts without spaces each sign counts."""
        return len(_WORD.findall(self.text))

    def seed(self, name: str) -> Seed:
        """Give it as the configuration reads it from its file."""
        return make_seed(name, self.text)


def take(what: str, client: Client, settings: Settings) -> Taken:
    """Take an article. Raises `SeedwatchError` with a cure if there is too little of it."""
    try:
        taken = _taken_from(what, client, settings.polling.max_bytes)
    except ArticleError as error:
        raise SeedwatchError(f"{error}: {_PASTE}") from error
    if taken.words < MIN_SEED_WORDS:
        found = f"only {taken.words} words of an article were found in {taken.origin}"
        raise SeedwatchError(f"{found}, and a seed needs {MIN_SEED_WORDS}: {_PASTE}")
    return taken


def _taken_from(what: str, client: Client, most: int) -> Taken:
    if what == "-":
        return _text(sys.stdin.buffer.read(MAX_SEED_BYTES + 1), "standard input")
    if "://" in what:
        document = _page(what, client)
        return _article(read_apart(document), bare(what), document)
    return _file(Path(what), most)


def _page(what: str, client: Client) -> Document:
    try:
        url = check_url(what)
    except ValueError as error:
        raise SeedwatchError(str(error).replace("{}", repr(bare(what)))) from error
    result = client.get(url)
    if isinstance(result, FetchFailure):
        helps = cure(result.cause, result.status) or _PASTE
        raise SeedwatchError(f"{bare(url)}: {result.told}; {helps}")
    if not isinstance(result, Document):
        raise SeedwatchError(f"{bare(url)} answered without a page: {_PASTE}")
    return result


def _file(path: Path, most: int) -> Taken:
    try:
        body = read_bytes(path, most)
    except UnreadableError as error:
        raise SeedwatchError(str(error).replace("{}", str(path))) from error
    return _text(body, str(path))


def _text(body: bytes, origin: str) -> Taken:
    if len(body) > MAX_SEED_BYTES and not _HTML.match(body[:1000].decode("latin-1")):
        raise SeedwatchError(f"{origin} is longer than {MAX_SEED_BYTES:,} bytes: no article is")
    if _HTML.match(body[:1000].decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")):
        page = Document(url="https://a-file.invalid/", body=body, fetched_at=utc_now())
        return _article(read_apart(page), origin, None)
    text = UNSEEN.sub("", decode(body, "text/plain"))
    lines = [" ".join(line.split()) for line in _by_paragraph(text)]
    seed = make_seed(origin, "\n".join(line for line in lines if line))
    lines = [line for line in lines if line]
    # A title of its own line is one; that of a text on one line stays in it.
    rest = lines[1:] if lines and lines[0].lstrip("# ") == seed.title else lines
    return _taken(origin, seed.title, rest, None, None)


def _by_paragraph(text: str) -> list[str]:
    """Part a text at its empty lines if it has some: then its lines are only broken to fit."""
    whole = re.split(r"\n\s*\n", text.strip())
    first, *rest = whole
    if len(whole) < 3:
        return text.splitlines()
    return [*first.splitlines(), *rest]


def _article(article: Article, origin: str, document: Document | None) -> Taken:
    return _taken(origin, article.title, list(article.paragraphs), article.lang, document)


def _taken(
    origin: str, title: str, lines: list[str], stated: str | None, document: Document | None
) -> Taken:
    paragraphs = tuple(article_paragraphs(lines, title))
    title = title or (paragraphs[0] if paragraphs else "")
    body = "\n".join((title, *paragraphs))
    found = detect(body)
    return Taken(
        origin=origin,
        document=document,
        title=title,
        paragraphs=paragraphs,
        lang=found or USUAL_LANGUAGE,
        lang_is_sure=found is not None or stated == USUAL_LANGUAGE,
    )


def topic_name(title: str, known: Mapping[str, object] | set[str]) -> str:
    """Make a name for a topic of its title, one that none of the known has.

    >>> topic_name("Zamknięto most w Łodzi: co dalej?", {"zamknieto-most-w-odzi-co-dalej"})
    'zamknieto-most-w-lodzi-co-dalej'
    """
    folded = unicodedata.normalize("NFKD", title.casefold().replace("ł", "l").replace("ß", "ss"))
    words = re.findall(r"[a-z0-9]+", "".join(s for s in folded if not unicodedata.combining(s)))
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer) > _LONGEST_NAME:
            break
        name = longer
    name = name or "topic"
    number, free = 2, name
    while free in known:
        free, number = f"{name}-{number}", number + 1
    return free


def strongest_names(profile: Profile, surfaces: Mapping[str, str], most: int) -> list[str]:
    """Give the heaviest terms that are names, as the seed writes them."""
    named = [
        term
        for term in profile.strongest(len(profile.rarity))
        if profile.names.get(term, 0.0) > 2.0 * profile.matter.get(term, 0.0)
    ]
    return [surfaces.get(term, term) for term in named[:most]]
