"""`feeds lists`: the lists of feeds that come with seedwatch, to choose from."""

from __future__ import annotations

from rich.console import Console

from monitor.cli.feed_screen import literal
from monitor.cli.screen import print_json, screen
from monitor.config.builtin import PREFIX, BuiltinList, read_all
from monitor.errors import SeedwatchError

# How people call languages that several lists have; others are found by their code.
LANGUAGES = {
    "arabic": "ar", "bengali": "bn", "chinese": "zh", "dutch": "nl", "english": "en",
    "french": "fr", "german": "de", "greek": "el", "hindi": "hi", "italian": "it",
    "persian": "fa", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr",
    "spanish": "es", "swahili": "sw", "swedish": "sv", "turkish": "tr", "urdu": "ur",
}  # fmt: skip
NAME_WIDTH = 34
LANGUAGES_WIDTH = 16


def show(word: str | None, *, as_json: bool) -> None:
    """Print the lists that fit a word, or all.

    Raises `SeedwatchError` if none fits.
    """
    lists = read_all()
    found = tuple(one for one in lists if word is None or fits(one, word.casefold()))
    if not found:
        raise SeedwatchError(f"no list has to do with {word!r}; without a word all are shown")
    if as_json:
        print_json(
            [
                {
                    "name": PREFIX + one.name,
                    "title": one.title,
                    "country": one.country,
                    "languages": one.languages,
                    "feeds": [
                        {"name": feed.name, "url": feed.url, "lang": feed.lang}
                        for feed in one.feeds
                    ],
                }
                for one in found
            ]
        )
        return
    show_lists(screen(), found, len(lists), with_feeds=word is not None)


def fits(one: BuiltinList, word: str) -> bool:
    """Say whether a list has to do with a word in small letters.

    Words of up to three letters are codes of countries and languages, and no parts of names.
    """
    code = LANGUAGES.get(word, word)
    if code == one.country or code in one.languages or word == one.name:
        return True
    if len(word) <= 3:
        return False
    return word in one.title.casefold() or any(word in feed.name.casefold() for feed in one.feeds)


def show_lists(
    console: Console, lists: tuple[BuiltinList, ...], known: int, *, with_feeds: bool
) -> None:
    """Print lists, each with its languages; of a few of them the outlets, too."""
    for one in lists:
        languages = " ".join(one.languages)
        line = f"{PREFIX + one.name:{NAME_WIDTH}} {languages:{LANGUAGES_WIDTH}} {len(one.feeds):3}"
        console.print(literal(f"{line} feeds"))
        if with_feeds:
            outlets = literal("  " + ", ".join(feed.name for feed in one.feeds))
            outlets.truncate(console.width, overflow="ellipsis")
            console.print(outlets)
    feeds = sum(len(one.feeds) for one in lists)
    console.print(f"{len(lists)} of {known} lists, {feeds} feeds", style="dim")
    console.print(
        literal(f"Into the configuration: `- opml: {PREFIX}{lists[0].name}`"), style="dim"
    )
