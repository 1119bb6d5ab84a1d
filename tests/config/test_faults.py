"""Wrong configurations and exactly what is said of each.

The tables in `table/` hold a bad file each, whole or as the change that makes the good file bad,
and below it all lines of the message.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import Settings, load
from monitor.errors import ConfigError

TABLE = Path(__file__).parent / "table"

GOOD = """\
topics:
  border:
    seeds: [border.txt]
    receivers: [me]
feeds:
  world: ["https://example.org/rss"]
receivers:
  me: [console]
"""

# What stands for a secret in the tables: no message may show it.
SECRETS = ("letmein", "47110815")
ENVIRON = {"LETMEIN": "letmein", "EMPTY": ""}

FILES = {
    "border.txt": b"Poland shut its border with Belarus. " * 10,
    "empty.txt": b"\n",
    "latin.txt": b"Poland\nOsnabr\xfcck\n",
    "short.txt": b"Poland shut its border.",
    "large.txt": b"word " * 200_001,
    "good.opml": b'<opml><body><outline xmlUrl="https://a.example/1" text="A"/></body></opml>',
    "broken.opml": b"<opml><body>",
    "page.opml": b"<html><body/></html>",
    "empty.opml": b"<opml><body/></opml>",
    "bad.opml": b'<opml>\n<body>\n<outline text="A" xmlUrl="https://a.example/1"/>\n'
    b'<outline text="B" xmlUrl="feed://b.example"/>\n</body></opml>',
    "hook.key": b"https://hooks.example/T0\n",
    "letmein.key": b"letmein\n",
    "broken.html.j2": b'<p>\n<a href="{{ alert.title }}">open</a></p>',
}


def cases(*names: str) -> list[tuple[str, str, list[str]]]:
    """Read tables: what is wrong, the bad file, and what is said of it."""
    found = []
    for name in names:
        blocks = (TABLE / f"{name}.txt").read_text(encoding="utf-8").split("=== ")
        for block in blocks[1:]:
            title, _, rest = block.partition("\n")
            bad, _, says = rest.partition("--- says\n")
            if "--- becomes\n" in bad:
                old, _, new = bad.partition("--- becomes\n")
                assert old in GOOD
                bad = GOOD.replace(old, new, 1)
            found.append((f"{name}: {title}", bad, says.splitlines()))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with all files that the tables name."""
    for name, body in FILES.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "bare").mkdir()
    return tmp_path


def faults_of(folder: Path, text: str | bytes, environ: dict[str, str] | None = None) -> list[str]:
    """Load a text as configuration and return what is said of it, a line each."""
    path = folder / "seedwatch.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return str(caught.value).splitlines()


def test_good_file_has_no_faults(folder: Path) -> None:
    """The file that the tables spoil is good before they do."""
    (folder / "seedwatch.yaml").write_text(GOOD)
    assert isinstance(load(folder / "seedwatch.yaml", {}), Settings)


CASES = cases(
    "whole",
    "topics",
    "feeds",
    "settings",
    "receivers",
    "channels",
    "websub",
    "schedules",
    "templates",
    "reports",
    "watching",
)


@pytest.mark.parametrize(
    "bad, says", [case[1:] for case in CASES], ids=[title for title, _, _ in CASES]
)
def test_bad_file_gets_exact_message(folder: Path, bad: str, says: list[str]) -> None:
    """A bad file gets every fault at once, with file, line, path, value and cure."""
    assert faults_of(folder, bad, ENVIRON) == says


@pytest.mark.parametrize("secret", SECRETS)
def test_no_message_shows_a_secret(secret: str) -> None:
    """No fault shows a secret, nor the value of a variable, wherever they stand in the file."""
    assert any(secret in bad for _, bad, _ in CASES)
    for _, _, says in CASES:
        assert secret not in "".join(says).replace("letmein.key", "")


def test_no_message_speaks_of_the_library() -> None:
    """Every sentence is our own."""
    said = "".join(line for _, _, says in CASES for line in says)
    assert not re.search(r"Input should|pydantic|ruamel|Value error|not accepted here", said)


def test_missing_file_names_the_cure(tmp_path: Path) -> None:
    """A file that is not there is one fault, which says how to make one."""
    path = tmp_path / "seedwatch.yaml"
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    expected = f"seedwatch.yaml: '{path}' does not exist; 'seedwatch init' writes a first one"
    assert str(caught.value) == expected


def test_folder_is_no_configuration(tmp_path: Path) -> None:
    """A folder in place of the file is one fault."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    assert str(caught.value) == f"{tmp_path.name}: '{tmp_path}' is a folder, not a file"


def test_file_of_another_encoding(tmp_path: Path) -> None:
    """A file that is not UTF-8 is one fault with the line of the first bad byte."""
    assert faults_of(tmp_path, b"topics:\n  # Osnabr\xfcck\n") == [
        "seedwatch.yaml:2: is not UTF-8; save it as UTF-8"
    ]


def test_file_with_a_control_character(tmp_path: Path) -> None:
    """A control character is one fault with its line."""
    assert faults_of(tmp_path, b"topics: {}\nfeeds: \x01\n") == [
        "seedwatch.yaml:2: not valid YAML: a control character"
    ]


def test_bottomless_file(tmp_path: Path) -> None:
    """A file nested without end is one fault, not a crash."""
    assert faults_of(tmp_path, b"[" * 3000) == ["seedwatch.yaml: is nested too deeply"]


def test_exploding_aliases(tmp_path: Path) -> None:
    """Aliases of aliases that stand for a billion values are refused soon."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "seedwatch.yaml: has more than 50000 values" in faults_of(tmp_path, "\n".join(lines))


def test_faults_are_records(folder: Path) -> None:
    """A fault also comes as a record with its file, line and path, in the order of lines."""
    (folder / "seedwatch.yaml").write_text(GOOD.replace("[me]\n", "[you]\n    threshold: 2\n"))
    with pytest.raises(ConfigError) as caught:
        load(folder / "seedwatch.yaml", {})
    assert [(fault.file, fault.line, fault.path) for fault in caught.value.faults] == [
        ("seedwatch.yaml", 4, "topics.border.receivers[0]"),
        ("seedwatch.yaml", 5, "topics.border.threshold"),
    ]


WORDS = """
topics feeds receivers polling delivery store log border world me seeds threshold expect match url
every opml slack email smtp to host webhook secret secret_file console level
"""
KEYS = st.sampled_from(re.findall(r"\w+", WORDS))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["border.txt", "good.opml", "https://example.org/rss", "5m", "console", "me"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner),
    max_leaves=25,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.dictionaries(KEYS, TREES, max_size=6), raw=st.none() | st.binary(max_size=60))
def test_any_file_gives_settings_or_faults(folder: Path, tree: object, raw: bytes | None) -> None:
    """Whatever is in the file, it gives settings or faults in our own words."""
    path = folder / "seedwatch.yaml"
    # JSON is YAML, so the file has any value at any place.
    path.write_bytes(raw if raw is not None else _yaml(tree).encode("utf-8", "replace"))
    said = ""
    try:
        load(path, {})
    except ConfigError as error:
        said = str(error) or "a fault without a word"
    assert not re.search(r"Input should|not accepted here|without a word", said)


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_yaml(key)}: {_yaml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(one) for one in value) + "]"
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(character):08x}" for character in value)
        return f'"{escaped}"'
    if isinstance(value, float):
        return repr(value).replace("inf", ".inf").replace("nan", ".nan")
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]
