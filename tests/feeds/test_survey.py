"""What a document is like before anything in it is mended."""

from __future__ import annotations

import pytest

from monitor.feeds.entries import drafts_of
from monitor.feeds.parse import parse
from monitor.feeds.survey import DateFault, Survey, date_fault, survey
from tests.fakes import made
from tests.fakes.made import NOW

ITEM = "<item><title>{0}</title><link>https://a.example/{0}</link><guid>{0}</guid>{1}</item>"
DATED = "<pubDate>Mon, 08 Nov 2021 10:00:00 GMT</pubDate>"


def surveyed(items: str, head: str = "") -> Survey:
    """Survey an RSS document of these items."""
    body = f'<rss version="2.0"><channel><title>T</title>{head}{items}</channel></rss>'
    document = made.document(body.encode())
    return survey(drafts_of(document), document.url, document.fetched_at)


@pytest.mark.parametrize(
    "items,lacks",
    [
        ("", {}),
        (ITEM.format("a", DATED) * 2, {"listed": 2, "repeated_guids": 1}),
        ("<item><title>a</title></item>", {"without_guid": 1, "without_link": 1, "undated": 1}),
        ("<item><link>javascript:alert(1)</link></item>", {"without_link": 1}),
        ('<item><guid isPermaLink="true">https://a.example/1</guid></item>', {"without_link": 0}),
        ('<item><guid isPermaLink="false">x</guid><link>/a</link></item>', {"without_link": 0}),
        ("<item><guid>  </guid></item>", {"without_guid": 1}),
        (ITEM.format("a", "<pubDate>yesterday</pubDate>"), {"absurd_dates": 1, "undated": 0}),
        (ITEM.format("a", DATED.replace("2021", "1970")), {"absurd_dates": 1}),
        (ITEM.format("a", DATED.replace("10:00", "18:00")), {"dates_ahead": 1}),
        (ITEM.format("a", DATED), {"dates_ahead": 0, "absurd_dates": 0, "undated": 0}),
    ],
)
def test_what_items_lack_is_counted(items: str, lacks: dict[str, int]) -> None:
    """Each lack of an item is counted as the document has it, before parsing mends it."""
    found = surveyed(items)
    assert {name: getattr(found, name) for name in lacks} == lacks


def test_what_the_document_states_is_kept() -> None:
    """Format, language and what is wrong with its XML are told as they are."""
    found = surveyed("<item><title>a &nope; b</title></item>", "<language>en-us</language>")
    assert (found.form, found.lang) == ("RSS 2.0", "en-us")
    assert found.trouble.startswith("undefined entity")
    assert surveyed("").trouble == ""


@pytest.mark.parametrize(
    "body,form",
    [
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>', "Atom 1.0"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "JSON Feed"),
        (
            (
                b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
                b' xmlns="http://purl.org/rss/1.0/"><channel><title>T</title></channel></rdf:RDF>'
            ),
            "RSS 1.0",
        ),
        (b"<rss><channel><title>T</title></channel></rss>", "RSS"),
    ],
)
def test_formats_have_their_names(body: bytes, form: str) -> None:
    """Each format that is read is named as people name it."""
    document = made.document(body)
    assert survey(drafts_of(document), document.url, document.fetched_at).form == form


def test_a_later_date_makes_up_for_an_absurd_one() -> None:
    """An item with a date that will do is not counted for another that will not."""
    assert date_fault(("never", "2021-11-08T10:00:00Z"), NOW) is None
    assert date_fault(("never", "nor this"), NOW) is DateFault.ABSURD


def test_surveying_changes_no_item() -> None:
    """What is listed and what is read differ by the repeated ones only."""
    document = made.document(
        ("<rss><channel>" + ITEM.format("a", DATED) * 3 + "</channel></rss>").encode()
    )
    said = survey(drafts_of(document), document.url, document.fetched_at)
    assert (said.listed, len(parse(document, feed_lang=None).items)) == (3, 1)
