"""`add`: which feeds a new topic may read, and why each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.cli.add_article import Taken
from monitor.cli.feed_changes import configured
from monitor.cli.feed_discover import feeds_at
from monitor.config import Settings
from monitor.config.builtin import PREFIX, BuiltinList, read_all, read_builtin
from monitor.config.edit import quoted
from monitor.config.values import check_url
from monitor.errors import SeedwatchError
from monitor.feeds.address import bare, host_of
from monitor.feeds.examine import Look
from monitor.feeds.identity import canonical_url
from monitor.records import FeedSpec
from monitor.text.countries import countries_named

# Lists of one language are taken where a text names no country; more of them are the world's.
MOST_BY_LANGUAGE = 2
WORLD = "world"
# In place of a list's name: read no list.
NO_LIST = "none"
# Of the site of the article.
MOST_OF_SITE = 3
_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Feeds that were found in one way."""

    # As the configuration names them: `builtin:kenya`, or an address.
    what: str
    why: str
    specs: tuple[FeedSpec, ...]
    # A group of the configuration that has all of them already.
    group: str | None = None

    @property
    def entry(self) -> str:
        """How it stands in a group of the configuration."""
        return f"opml: {self.what}" if self.what.startswith(PREFIX) else quoted(self.what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user named, in place of what would be found."""

    lists: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    # The news search that was offered.
    search: str | None = None


def find(taken: Taken, settings: Settings, asked: Asked) -> tuple[Found, ...]:
    """Find the feeds of the article's site, of the countries it names, and what was asked for.

    A group that the configuration has is named, and its feeds are not added again.
    """
    found = [_one(url, "you named it") for url in asked.feeds]
    if NO_LIST in asked.lists:
        if len(asked.lists) > 1:
            raise SeedwatchError("--list none says that no list is read: it goes with no other")
        found += _of_site(taken)
    elif asked.lists:
        found += [_list(_named(name), "you named it") for name in asked.lists]
    else:
        found += [*_of_site(taken), *_of_lists(taken)]
    if asked.search:
        found.append(_one(asked.search, "a news search for the strongest names"))
    once: dict[str, Found] = {}
    for one in found:
        once.setdefault(one.what, one)
    return tuple(_placed(one, settings) for one in once.values())


def _one(url: str, why: str) -> Found:
    try:
        check_url(url)
    except ValueError as error:
        raise SeedwatchError(str(error).replace("{}", repr(bare(url)))) from error
    return Found(what=url, why=why, specs=(_spec(url, host_of(url), None),))


def _spec(url: str, name: str, lang: str | None) -> FeedSpec:
    return FeedSpec(url=url, name=name, groups=(), every=_EVERY, lang=lang)


def _named(name: str) -> BuiltinList:
    try:
        return read_builtin(name.removeprefix(PREFIX))
    except ValueError as error:
        raise SeedwatchError(str(error).replace("{}", repr(name))) from error


def _list(one: BuiltinList, why: str) -> Found:
    specs = tuple(_spec(feed.url, feed.name, feed.lang) for feed in one.feeds)
    return Found(what=f"{PREFIX}{one.name}", why=why, specs=specs)


def _of_site(taken: Taken) -> list[Found]:
    """Give the feeds that the article's own page names."""
    if taken.document is None:
        return []
    look = Look(
        spec=_spec(taken.document.url, "", None), result=taken.document, hops=(), took=timedelta(0)
    )
    named = feeds_at(look, None, (), {})
    # A feed of comments, of an author or of a tag stands behind that of the site.
    news = [one for one in named if "comment" not in one.url.lower()]
    return [_one(one.url, "the article's page names it") for one in news[:MOST_OF_SITE]]


def _of_lists(taken: Taken) -> list[Found]:
    lists = read_all()
    by_code = {one.country: one for one in lists if one.country and one.country != "eu"}
    body = "\n".join(taken.paragraphs)
    named = countries_named(taken.title, body, taken.lang, by_code)
    found = [
        _list(by_code[one.code], f"{by_code[one.code].title} is named {_times(one.mentions)}")
        for one in named
    ]
    if not found:
        alike = [one for one in lists if one.languages[:1] == (taken.lang,) and one.country]
        if len(alike) <= MOST_BY_LANGUAGE:
            found = [_list(one, "it is in the article's language") for one in alike]
    if not found or taken.lang == "en":
        found.append(_list(_named(WORLD), "outlets that report on all the world"))
    return found


def _times(count: int) -> str:
    return f"{count} times"


def _placed(found: Found, settings: Settings) -> Found:
    """Name the group that has all of these feeds already, if there is one."""
    known = configured(settings)
    if not all(canonical_url(spec.url) in known for spec in found.specs):
        return found
    keys = {canonical_url(spec.url) for spec in found.specs}
    groups = [set(feed.groups) for feed in settings.feeds if canonical_url(feed.url) in keys]
    shared = set.intersection(*groups) if groups else set()
    if not shared:
        return found
    # The smallest of them: a topic shall not read a thousand feeds for the sake of one.
    sizes = {name: sum(name in feed.groups for feed in settings.feeds) for name in shared}
    group = min(shared, key=lambda name: (sizes[name], name))
    return Found(what=found.what, why=found.why, specs=found.specs, group=group)


def specs_of(found: Sequence[Found], group: str) -> tuple[FeedSpec, ...]:
    """Give the feeds, each once, as feeds of one group."""
    once: dict[str, FeedSpec] = {}
    for one in found:
        for spec in one.specs:
            key = canonical_url(spec.url) or spec.url
            known = FeedSpec(
                url=spec.url, name=spec.name, groups=(group,), every=spec.every, lang=spec.lang
            )
            once.setdefault(key, known)
    return tuple(once.values())
