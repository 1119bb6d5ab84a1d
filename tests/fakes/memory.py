"""A store in miniature: what is known of a feed from one document to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from monitor.errors import ParseError
from monitor.feeds.contents import Said, contents_of
from monitor.feeds.identity import alias
from monitor.feeds.imprint import confirm, fill
from monitor.records import Item
from tests.fakes import made
from tests.fakes.reading import undated

URL = "https://courier.example.org/feeds/all.xml"


@dataclass(slots=True)
class Memory:
    """A store of items, and what is remembered of the last document."""

    imprint: bytes = b""
    stored: dict[str, Item] = field(default_factory=dict)
    # Entries that were left out of the last document.
    gaps: int = 0

    def read(self, body: bytes, url: str = URL) -> Said | str:
        """Read a document after those before it, and store its items; say why if not."""
        known = confirm(self.imprint, self.stored)
        try:
            found = contents_of(made.document(body, url=url), seen=known.imprint)
        except ParseError as error:
            return str(error)
        assert found.said is not None
        self.imprint, self.gaps = found.imprint, len(found.gaps)
        items = fill(found.said.items, found.gaps, known.items)
        self.stored |= {alias("text", item.fingerprint): item for item in items}
        return replace(found.said, items=items)


def read(body: bytes, url: str = URL) -> Said | str:
    """Read a document by itself, or say why not."""
    return Memory().read(body, url)


def but_dates(said: Said | str) -> Said | str:
    """Leave out the dates: of a known item the first one stays."""
    return said if isinstance(said, str) else undated(said)
