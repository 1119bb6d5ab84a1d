"""Turn the bytes of a document into text, whatever its server and its declaration claim.

A byte order mark tells the truth; else the HTTP charset is believed, then the declaration, then
UTF-8, at last windows-1252 (RFC 7303 section 3, without US-ASCII as the default for `text/*`).
"""

from __future__ import annotations

import codecs
import re

from monitor.errors import ParseError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# The first two characters of a document without a mark: `<?`, `<r`, `{"`, in 16 bits.
_WIDE = (
    (re.compile(rb"[<{\[]\0[\x20-\x7e\n]\0"), "utf-16-le"),
    (re.compile(rb"\0[<{\[]\0[\x20-\x7e\n]"), "utf-16-be"),
)

_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]+)""")
_IN_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE)

# The encodings of the WHATWG standard, by the names that Python's codecs normalise to, and what
# browsers read instead: labels are worn by supersets (https://encoding.spec.whatwg.org/).
_CODECS = {
    "utf-8": "utf-8", "utf-8-sig": "utf-8",
    "ascii": "cp1252", "iso8859-1": "cp1252", "cp1252": "cp1252",
    "iso8859-2": "iso8859-2", "iso8859-3": "iso8859-3", "iso8859-4": "iso8859-4",
    "iso8859-5": "iso8859-5", "iso8859-6": "iso8859-6", "iso8859-7": "iso8859-7",
    "iso8859-8": "iso8859-8", "iso8859-9": "cp1254", "iso8859-10": "iso8859-10",
    "iso8859-11": "cp874", "iso8859-13": "iso8859-13", "iso8859-14": "iso8859-14",
    "iso8859-15": "iso8859-15", "iso8859-16": "iso8859-16",
    "cp866": "cp866", "cp874": "cp874", "tis-620": "cp874", "cp1250": "cp1250", "cp1251": "cp1251",
    "cp1253": "cp1253", "cp1254": "cp1254", "cp1255": "cp1255", "cp1256": "cp1256",
    "cp1257": "cp1257", "cp1258": "cp1258", "koi8-r": "koi8-r", "koi8-u": "koi8-u",
    "mac-roman": "mac-roman", "mac-cyrillic": "mac-cyrillic",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs",
    "big5hkscs": "big5hkscs", "euc_jp": "euc_jp", "iso2022_jp": "iso2022_jp", "shift_jis": "cp932",
    "cp932": "cp932", "euc_kr": "cp949", "cp949": "cp949",
}  # fmt: skip

# Where any byte is a letter, a label cannot be wrong by its own rules.
_SEVERAL_BYTES = frozenset(
    {"utf-8", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"}
)

# A text cut in the middle of a letter spoils a letter, not the document.
_SPOILED_AT_MOST = 0.1


def decode(body: bytes, content_type: str) -> str:
    """Return the text of a document, without byte order mark; never fails on bytes.

    A one-byte label (ISO 8859-1, windows-1251 ...) on bytes that are UTF-8 and not ASCII is a lie:
    text that merely looks like UTF-8 does not happen.

    Raises `ParseError` for UTF-7, which hides markup from every check.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    for shape, codec in _WIDE:
        if shape.match(body):
            return body.decode(codec, "replace")
    candidates = [*_named(body, content_type), "utf-8", "cp1252"]
    if not body.isascii() and candidates[0] not in _SEVERAL_BYTES and _decoded(body, "utf-8"):
        return body.decode("utf-8")
    for codec in candidates:
        text = _decoded(body, codec)
        if text is not None:
            return text
    for codec in candidates:
        text = body.decode(codec, "replace")
        if text.count("\ufffd") <= _SPOILED_AT_MOST * sum(not char.isascii() for char in text):
            return text
    return body.decode("cp1252", "replace")


def _named(body: bytes, content_type: str) -> list[str]:
    """Return the codecs that HTTP header and declaration name, as far as a browser would."""
    header = _IN_HEADER.search(content_type)
    declared = _DECLARED.match(body[:1024])
    labels = [header[1] if header else "", declared[1].decode("ascii") if declared else ""]
    named = []
    for label in filter(None, labels):
        try:
            name = codecs.lookup(label).name
        except LookupError:
            continue
        if name == "utf-7":
            raise ParseError("in UTF-7, which is not read: ask the publisher for UTF-8")
        if name in _CODECS:
            named.append(_CODECS[name])
    return named


def _decoded(body: bytes, codec: str) -> str | None:
    """Return the text if every byte fits."""
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None
