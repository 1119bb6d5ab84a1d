"""Read YAML into a tree whose values know their line, dotted path and how they were written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from monitor.errors import Fault

Scalar = str | int | float | bool | None

# No configuration written by a person comes near; aliases of aliases do (CWE-776).
MAX_VALUES = 50_000

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<bad>\{))"
)

# What ruamel.yaml says, put so that it names the cure. Its own words are not shown: they may hold
# a piece of a secret, as in `password: *letmein`.
_SYNTAX = (
    (
        "mapping values are not allowed",
        "a ':' where none may be; check the indentation or quote the text",
    ),
    ("could not find expected ':'", "a key without ':'"),
    ("found character '\\t'", "a tab; YAML takes only spaces for indentation"),
    ("that cannot start any token", "a text may not begin with this sign; put it in quotes"),
    ("expected <block end>", "the indentation does not fit the lines above it"),
    ("expected ',' or ']'", "a list begun with '[' is not closed, or lacks a comma"),
    ("expected ',' or '}'", "a mapping begun with '{' is not closed, or lacks a comma"),
    ("found unexpected end of stream", "a quoted text is not closed"),
    ("found undefined alias", "a text that begins with '*' must be in quotes"),
    ("found undefined tag handle", "a text that begins with '!' must be in quotes"),
    ("found another document", "a second document; a configuration is one"),
)

_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "map", "seq")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value of the file and where it stands."""

    # Dotted path, list positions as `[0]`; empty for the file as a whole.
    path: str
    # Of its key, or of itself in a list; counted from 1, 0 for the file as a whole.
    line: int
    # With all variables put in; children by key or in their order.
    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    # A scalar as it stands in the file, with its `${…}`.
    written: str = ""
    # Whether a variable in it has no value, so that nothing more can be said of it.
    unset: bool = False
    # Whether it is a text whose lines stand in the file as they are, below its key (`key: |`).
    is_block: bool = False

    @property
    def text(self) -> str | None:
        """The value if it is a text that is known."""
        return self.value if isinstance(self.value, str) and not self.unset else None

    @property
    def children(self) -> Mapping[str, Node]:
        """Its children by key; empty if it is not a mapping."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """Its children in order; empty if it is not a list."""
        return self.value if isinstance(self.value, tuple) else ()

    def plain(self) -> Any:
        """Return the same as plain dicts, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return [child.plain() for child in self.value]
        return self.value


def read_tree(
    text: str, file: str, environ: Mapping[str, str]
) -> tuple[Node | None, tuple[Fault, ...]]:
    """Read the tree of a YAML 1.2 text, `${VAR}` put in from `environ`, and what is wrong with it.

    No tree if the text is not YAML at all. Reads nodes and not values, as only these still have
    both of two equal keys.
    """
    reader = _Reader(file, environ)
    try:
        composed = reader.yaml.compose(text)
        if composed is None:
            return None, (reader.fault("", 0, "is empty; 'seedwatch init' writes a first one"),)
        root = reader.read(composed, "", 0)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return None, (reader.fault("", line, _sentence(error)),)
    except YAMLError as error:
        # Only the reader of characters raises this kind, with a position instead of a line.
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return None, (reader.fault("", line, "not valid YAML: a control character"),)
    except RecursionError:
        return None, (reader.fault("", 0, "is nested too deeply"),)
    return root, tuple(reader.faults)


def _sentence(error: MarkedYAMLError) -> str:
    problem = str(error.problem).replace("\t", "\\t")
    why = next((ours for theirs, ours in _SYNTAX if theirs in problem), "cannot be read here")
    return f"not valid YAML: {why}"


class _Reader:
    """Turns composed nodes into ours and collects faults on the way."""

    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        # The pure safe one: the C one knows YAML 1.1 only, where `no` is false.
        self.yaml: Any = YAML(typ="safe", pure=True)
        self.yaml.composer.warn_double_anchors = False
        self.faults: list[Fault] = []
        self._file = file
        self._environ = environ
        self._values = 0
        # Collections that we are inside of: an alias to one of them would never end.
        self._open: list[Any] = []

    def fault(self, path: str, line: int, what: str) -> Fault:
        """Make a fault of this file."""
        return Fault(file=self._file, line=line, path=path, what=what)

    def read(self, composed: Any, path: str, line: int) -> Node:
        """Read one composed node and all below it."""
        self._values += 1
        if self._values > MAX_VALUES:
            self._report_once(f"has more than {MAX_VALUES} values")
            return Node(path=path, line=line, value=None, unset=True)
        if any(composed is one for one in self._open):
            self.faults.append(self.fault(path, line, "an alias to something that it is part of"))
            return Node(path=path, line=line, value=None, unset=True)
        if _tag(composed) not in _TAGS:
            what = "a tag; put a text that begins with '!' in quotes"
            self.faults.append(self.fault(path, line, what))
            return Node(path=path, line=line, value=None, unset=True)
        if isinstance(composed, ScalarNode):
            return self._scalar(composed, path, line)
        self._open.append(composed)
        node = (
            self._mapping(composed, path, line)
            if isinstance(composed, MappingNode)
            else self._list(composed, path, line)
        )
        self._open.pop()
        return node

    def _mapping(self, composed: MappingNode, path: str, line: int) -> Node:
        children: dict[str, Node] = {}
        for key, value in composed.value:
            key_line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self.faults.append(self.fault(path, key_line, "a key must be a plain text"))
                continue
            name = str(key.value)
            if name in children:
                what = f"key '{name}' is here twice; it is on line {children[name].line} already"
                self.faults.append(self.fault(path, key_line, what))
                continue
            children[name] = self.read(value, f"{path}.{name}" if path else name, key_line)
        return Node(path=path, line=line, value=children)

    def _list(self, composed: SequenceNode, path: str, line: int) -> Node:
        items = tuple(
            self.read(item, f"{path}[{position}]", item.start_mark.line + 1)
            for position, item in enumerate(composed.value)
        )
        return Node(path=path, line=line, value=items)

    def _scalar(self, composed: ScalarNode, path: str, line: int) -> Node:
        written = str(composed.value)
        if _tag(composed).rpartition(":")[2] in {"int", "float", "bool", "null"}:
            value = self._typed(composed)
            return Node(path=path, line=line, value=value, written=written)
        expanded, problems = expand(written, self._environ)
        self.faults.extend(self.fault(path, line, problem) for problem in problems)
        return Node(
            path=path,
            line=line,
            value=expanded,
            written=written,
            unset=bool(problems),
            is_block=composed.style == "|",
        )

    def _typed(self, composed: ScalarNode) -> Scalar:
        try:
            value: Scalar = self.yaml.constructor.construct_object(composed)
        except ValueError:
            # A number with more digits than Python reads: no key wants it, as a text it says so.
            return str(composed.value)
        return value

    def _report_once(self, what: str) -> None:
        fault = self.fault("", 0, what)
        if fault not in self.faults:
            self.faults.append(fault)


def _tag(composed: Any) -> str:
    return str(composed.tag)


def expand(text: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Put variables into a text: `${NAME}`, `${NAME:-default}`; `$$` is a `$`.

    Returns the text and what is wrong with it. As in a shell, the default also stands in for an
    empty variable.
    """
    problems: list[str] = []

    def one(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if found["bad"]:
            problems.append("'${' begins no variable; write ${NAME}, ${NAME:-default}, or $$ for $")
            return found[0]
        value, default = environ.get(found["name"]), found["default"]
        if default is not None:
            return value or default
        if value is None:
            problems.append(
                f"${{{found['name']}}} is not set; set {found['name']} in the environment"
            )
            return found[0]
        return value

    return _VARIABLE.sub(one, text), tuple(problems)
