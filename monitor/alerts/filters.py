"""The filters that templates of the user's own may use, each with what its result can be at most.

They replace Jinja's: `safe` would undo escaping, `format`, `indent`, `center` make long texts of
short ones, `map` and `attr` reach what `view` does not show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from monitor.alerts.blocks import mrkdwn_link
from monitor.alerts.view import Kind, Listed, Number, Text, Url
from monitor.alerts.wording import clean, wrap

_MOST_CHARACTERS = 2_000
# A number as a text.
_DIGITS = 20


class UnfitError(Exception):
    """A filter is not made for what it is applied to, or for its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a filter is applied to, as far as it is known beforehand."""

    value: Kind
    arguments: Sequence[Kind]
    # The arguments that are written in the template itself; None for others.
    constants: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter."""

    # Of the result. Raises `UnfitError` if it is not made for what it is given.
    kind: Callable[[Given], Kind]
    apply: Callable[..., Any]
    example: str


class Link(str):
    """A link with its words, in the marks of one channel."""

    __slots__ = ()


# -- the kinds of results


def _text(given: Given) -> Text:
    if isinstance(given.value, Number):
        return Text(size=_DIGITS)
    if not isinstance(given.value, Text):
        raise UnfitError("no text")
    return given.value


def _grown(by: int) -> Callable[[Given], Kind]:
    def kind(given: Given) -> Kind:
        _nothing_given(given)
        return Text(size=by * _text(given).size)

    return kind


def _nothing_given(given: Given) -> None:
    if given.arguments:
        raise UnfitError("takes no argument")


def _number_given(given: Given) -> int:
    found = given.constants[0] if len(given.constants) == 1 else None
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= _MOST_CHARACTERS:
        raise UnfitError("takes a number")
    return found


def _shortened(given: Given) -> Kind:
    return Text(size=min(_number_given(given), _text(given).size))


def _counted(given: Given) -> Kind:
    _nothing_given(given)
    if not isinstance(given.value, Text | Listed):
        raise UnfitError("cannot be counted")
    return Number()


def _replaced(given: Given) -> Kind:
    value = _text(given)
    match given.constants:
        case [str() as old, str() as new] if old:
            return Text(size=value.size * max(1, len(new)))
    raise UnfitError("takes two texts")


def _instead(given: Given) -> Kind:
    value = _text(given)
    match given.arguments:
        case [Text() as other]:
            return Text(size=max(value.size, other.size))
    raise UnfitError("takes a text")


def _wrapped(given: Given) -> Kind:
    _nothing_given(given)
    # At worst a line break behind each character.
    return Text(size=2 * _text(given).size)


def _encoded(given: Given) -> Kind:
    _nothing_given(given)
    # Four bytes a character, three signs a byte.
    return Text(size=12 * _text(given).size)


def _linked(given: Given) -> Kind:
    match given.arguments:
        case [Text() as words] if isinstance(given.value, Text) and given.value.is_url:
            return Text(size=given.value.size + words.size + 100)
    raise UnfitError("takes a link and its words")


# -- what they do


def _replace(value: object, old: str, new: str) -> str:
    return str(value).replace(old, new)


def _default(value: object, other: str) -> object:
    return value or other


def _link_in_text(url: str, words: str) -> str:
    return Link(f"{words}: {url}" if url else words)


FILTERS: Mapping[str, Filter] = {
    # Some letters have three capitals.
    "upper": Filter(
        kind=_grown(3), apply=lambda value: str(value).upper(), example="{{ alert.topic | upper }}"
    ),
    "lower": Filter(
        kind=_grown(3), apply=lambda value: str(value).lower(), example="{{ alert.topic | lower }}"
    ),
    "capitalize": Filter(
        kind=_grown(3),
        apply=lambda value: str(value).capitalize(),
        example="{{ alert.kind | capitalize }}",
    ),
    "truncate": Filter(
        kind=_shortened,
        apply=lambda value, most: clean(str(value), most),
        example="{{ item.title | truncate(80) }}",
    ),
    "wrap": Filter(
        kind=_wrapped, apply=lambda value: wrap(str(value)), example="{{ item.summary | wrap }}"
    ),
    "replace": Filter(
        kind=_replaced, apply=_replace, example="{{ alert.topic | replace('-', ' ') }}"
    ),
    "default": Filter(
        kind=_instead, apply=_default, example="{{ item.summary | default('no summary') }}"
    ),
    "length": Filter(kind=_counted, apply=len, example="{{ alert.items | length }}"),
    "urlencode": Filter(
        kind=_encoded,
        apply=lambda value: quote(str(value), safe=""),
        example="{{ item.title | urlencode }}",
    ),
    "link": Filter(kind=_linked, apply=_link_in_text, example="{{ item.url | link('read it') }}"),
}


def link_in_page(url: str, words: str) -> Markup:
    """Write a link in HTML; without a URL the words alone."""
    if not url:
        return Markup.escape(words)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, words)


def link_in_slack(url: str, words: str) -> Link:
    """Write a link in the marks of Slack; without a URL the words alone."""
    return Link(mrkdwn_link(url, words))


def plain_link(url: Url) -> Link:
    """Write a link in the marks of Slack that shows itself."""
    return Link(mrkdwn_link(url, ""))
