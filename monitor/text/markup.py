"""Turn markup into clean plain text.

Feeds carry HTML, escaped HTML, text that is escaped twice, and text with marks that no reader
sees but every log and chat obeys. What leaves here holds letters, not instructions; it is still
not escaped for any output.
"""

from __future__ import annotations

import html
import re
import unicodedata

# Attributes up to the closing `>`. A quote may hide a `>`, so quotes are followed; possessive,
# so that nothing is read twice. Of all the `<` of a text at most two can be inside a quote of
# each other's reading at a time, so even failing attempts add up to a few passes over the text.
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"]*+"|'[^']*+')*+"""

# Every alternative that may run far also accepts the end of the text: what was read once is never
# read again, and no flood of openings without an end costs more than its length.
_MARKUP = re.compile(
    # A comment; the short forms `<!-->` and `<!--->` are whole (HTML, section 13.2.5.43).
    r"<!--(?:-?>|.*?(?:-->|\Z))"
    # An element whose content is no text for people.
    r"|<(?P<silent>script|style|iframe|noembed|noframes|template|svg|math|head)\b"
    + _ATTRIBUTES
    + r"(?:(?<=/)>|>.*?(?:</(?P=silent)\b[^<>]*+>?|\Z))"
    # The marks of a CDATA section that was wrapped twice: its text stays.
    r"|<!\[CDATA\[|\]\]>"
    # A tag, whole, or with a stray quote in it.
    r"|</?(?P<name>[a-z][a-z0-9:-]*+)(?:" + _ATTRIBUTES + r">|[^<>]*+>)"
    # A tag that was cut off: by the end of the text, inside its attributes.
    r"|</?[a-z][a-z0-9:-]*+\s[^<>=]*+=[^<>]*+\Z|</[a-z0-9:-]*+\Z"
    # A declaration, a processing instruction, an end tag without a name.
    r"|<(?:[!?]|/(?![a-z]))[^>]*+(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)

# These stand inside a sentence, often inside a word; every other tag parts words.
_INLINE = re.compile(
    r"a|abbr|acronym|b|bd[io]|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|nobr|q|r[bpt]|ruby|s|samp"
    r"|small|span|strike|strong|su[bp]|tt|u|var|wbr",
    re.IGNORECASE,
)

# What shows that a text was escaped once more than its place asks for.
_ESCAPED_AGAIN = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|small|font|img|ul|ol|li|h[1-6]|hr|table|tbody|tr|td|th"
    r"|blockquote|figure|figcaption|section|article|script|style|iframe|svg|video|audio|center|pre"
    r"|code|sup|sub)(?:[\s/][^<>]*+)?>"
    r"|&(?:amp|lt|gt|quot|nbsp|apos|[lr][sd]quo|[nm]dash|hellip|#[0-9]{1,7}|#x[0-9a-f]{1,6});",
    re.IGNORECASE,
)

# `html.unescape` raises ValueError on a number of more than 4,300 digits.
_HUGE_REFERENCE = re.compile(r"&#x?[0-9a-f]{10,}+;?", re.IGNORECASE)

# Controls, marks that turn the direction of text, zero-width characters, soft hyphens, tags, lone
# surrogates and noncharacters. White space among the controls is folded instead.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b"
    "\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)

# The same, and what begins a line.
_ACTING = re.compile(UNSEEN.pattern + "|[\t-\r\x1c-\x1f\x85\u2028\u2029]")

# Scripts whose spelling needs a joiner or non-joiner: Arabic and its kin, and the Indic ones
# (Unicode 23.2, "Cursive Connection and Ligatures"). Elsewhere it only hides one word in another.
_JOINED = "\u0600-\u07ff\u0860-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_JOINER = re.compile(f"(?<![{_JOINED}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINED}\u200c\u200d])")

# A text may be escaped twice, seldom three times; whoever goes further wants to be read forever.
_MOST_UNWRAPPINGS = 3

# Characters of input for one of output: room for a picture written into a `src` before the text.
_INPUT_PER_OUTPUT = 512


def plain(text: str, *, limit: int) -> str:
    """Turn markup into plain text of at most `limit` characters, in linear time.

    Tags go: those between blocks leave a space, those inside a sentence nothing. Comments and the
    content of scripts, styles and frames go. Entities become their characters, also where they
    were escaped twice. White space is folded, the form is NFC; a longer text ends at a word and
    with `…`. Never raises.

    >>> plain("<p>Caf&eacute;<br>&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;</p>", limit=80)
    'Café bold'
    """
    text = text[: limit * _INPUT_PER_OUTPUT]
    if "<" in text or "&" in text:
        text = _unwrap(text)
    return shorten(_fold(text, limit), limit)


def visible(text: str) -> str:
    r"""Return a text with what no reader sees written out: for logs and terminals, which obey it.

    What comes from `plain` is so already; a guid, a header or the name in a list is not.

    >>> visible("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    """
    # A character that joins to the one before it is printable, and may be unseen all the same.
    if text.isascii() and text.isprintable():
        return text
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _unwrap(text: str) -> str:
    """Take off tags and entities, again while what appears is markup once more."""
    for _ in range(_MOST_UNWRAPPINGS):
        if "<" in text:
            text = _MARKUP.sub(_space, text)
        if "&" in text:
            text = html.unescape(_HUGE_REFERENCE.sub("", text))
        if not _ESCAPED_AGAIN.search(text):
            break
    else:
        # Still more to come: show its text, not its tags.
        text = _MARKUP.sub(" ", text)
    return text


def _space(markup: re.Match[str]) -> str:
    """Return what a piece of markup leaves behind."""
    name = markup["name"]
    if name is None:
        return " " if markup["silent"] else ""
    return "" if _INLINE.fullmatch(name) else " "


def _fold(text: str, limit: int) -> str:
    """Remove what nobody sees, fold white space and compose characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = UNSEEN.sub("", text)
    if "\u200c" in text or "\u200d" in text:
        text = _JOINER.sub("", text)
    text = " ".join(text.split())
    # Ordering a run of combining marks is quadratic in its length: cut first, with room to shrink.
    return unicodedata.normalize("NFC", text[: 4 * limit + 4])


def shorten(text: str, limit: int) -> str:
    """Cut a text at a word if it is longer than `limit`, and say so by `…`."""
    if len(text) <= limit:
        return text
    end = limit - 1
    space = text.rfind(" ", end // 2, end + 1)
    if space > 0:
        end = space
    else:
        # No word ends near: keep at least the marks with their letter.
        while end > limit // 2 and unicodedata.combining(text[end]):
            end -= 1
    return text[:end].rstrip(" ,;:\u2013\u2014-") + "…"
