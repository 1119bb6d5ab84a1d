"""`man`: the manual page, made of what each command says of itself.

One page for all commands, since they share the configuration, the exit codes and one glossary.
Written in the `man` macros that every reader knows: man(7) of groff and of mandoc.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

import click

from monitor import __version__

# Named here a second time, in words: a test holds them to what commands end with.
EXITS = {
    0: "All is well.",
    1: "It failed; standard error says why.",
    2: "Wrong usage.",
    65: "The database is damaged, or of a newer version.",
    78: "The configuration is wrong; each fault is named with its line.",
}
FILES = {
    "config/seedwatch.yaml, seedwatch.yaml": "The configuration, in the folder one is in.",
    "~/.config/seedwatch/seedwatch.yaml": "The configuration of one user.",
    "/etc/seedwatch/seedwatch.yaml": "The configuration of the machine. The first of these that"
    " exists is taken; the file itself explains every key.",
    "seedwatch.db": "The database, beside the configuration unless `store` says otherwise.",
}
ENVIRONMENT = {
    "SEEDWATCH_CONFIG": "The configuration, where --config names none.",
    "NO_COLOR": "If set, nothing is printed in colour.",
    "NOTIFY_SOCKET, WATCHDOG_USEC": "Set by a service manager, see sd_notify(3).",
}
_MARKS = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    '"': "\\(dq",
    "^": "\\(ha",
    "~": "\\(ti",
}
# What a line of roff may not begin with.
_CONTROL = re.compile(r"^(?=[.'])", re.MULTILINE)


def register(main: click.Group) -> None:
    """Add the command to those of the program."""
    main.add_command(show_manual)


@click.command("man")
@click.pass_context
def show_manual(ctx: click.Context) -> None:
    """Print the manual page.

    \b
    Examples:
      seedwatch man | man -l -
      seedwatch man > ~/.local/share/man/man1/seedwatch.1
    """  # noqa: D301 - click's own mark
    click.echo(page(ctx.find_root().command), nl=False)


def page(main: click.Command) -> str:
    """Write the manual page of a program as roff."""
    # With its settings: click keeps the help option that it makes for the first who asks.
    root = click.Context(main, info_name="seedwatch", **main.context_settings)
    summary = _escape(main.get_short_help_str(limit=200).rstrip("."))
    lines = [
        '.\\" Made by `make man` from the commands themselves: not to be edited.',
        f'.TH SEEDWATCH 1 "" "seedwatch {__version__}" "User Commands"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"seedwatch \\- {summary[0].lower()}{summary[1:]}",
        ".SH SYNOPSIS",
        ".B seedwatch",
        "[\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR",
        "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_text(main),
        ".SH OPTIONS",
        *_options(main, root),
        ".SH COMMANDS",
        *_commands(main, root),
    ]
    for title, entries in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)):
        lines += [f".SH {title}", *_entries(entries)]
    lines += [".SH EXIT STATUS", *_entries({str(code): what for code, what in EXITS.items()})]
    return "\n".join(lines) + "\n"


def _commands(group: click.Command, ctx: click.Context) -> Iterator[str]:
    """Describe each command; a group stands before its own."""
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=ctx)
        words = inner.command_path.partition(" ")[2]
        usage = [] if isinstance(command, click.Group) else command.collect_usage_pieces(inner)
        rest = " ".join(one for one in usage if one != "[OPTIONS]")
        yield f'.SS "{_escape(f"{words} {rest}".strip())}"'
        yield from _text(command)
        yield from _options(command, inner)
        yield from _commands(command, inner)


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """Describe the options of a command, but for the `--help` that each has."""
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is None or "--help" in param.opts:
            continue
        head, text = record
        if not text:
            # An argument that the text of its command explains.
            continue
        yield ".TP"
        yield ", ".join(map(_name, head.split(", ")))
        yield from _paragraph(text)


def _name(words: str) -> str:
    """Set an option in bold, and what it takes in italics."""
    name, _, value = words.partition(" ")
    taken = f" \\fI{_escape(value)}\\fR" if value else ""
    return f"\\fB{_escape(name)}\\fR{taken}"


def _entries(entries: dict[str, str]) -> Iterator[str]:
    for name, text in entries.items():
        yield ".TP"
        yield f"\\fB{_escape(name)}\\fR"
        yield from _paragraph(text)


def _text(command: click.Command) -> Iterator[str]:
    """Write the help of a command as paragraphs; what is set off by hand keeps its lines."""
    parts = [inspect.cleandoc(one) for one in (command.help, command.epilog) if one]
    for number, block in enumerate(_blocks("\n\n".join(parts))):
        if number:
            yield ".PP"
        if block[0] == "\b":
            yield ".nf"
            yield from (_line(line) for line in block[1:])
            yield ".fi"
        else:
            yield from _paragraph(" ".join(line.strip() for line in block))


def _blocks(text: str) -> Iterator[Sequence[str]]:
    for block in re.split(r"\n\s*\n", text.replace("\f", "")):
        lines = [line.rstrip() for line in block.split("\n")]
        yield lines if lines[0].strip() != "\b" else ["\b", *lines[1:]]


def _paragraph(text: str) -> Iterator[str]:
    # Each sentence on a line of its own, as man-pages(7) asks: changes are seen where they are.
    yield from (_line(one) for one in re.split(r"(?<=[.!?]) +(?=[A-Z`])", text))


def _line(text: str) -> str:
    return _CONTROL.sub(r"\\&", _escape(text))


def _escape(text: str) -> str:
    r"""Keep roff from reading a text as its own: backslashes, hyphens, accents and quotes.

    >>> print(_escape("--json | jq '.[0]' \\ `why`"))
    \-\-json | jq \(aq.[0]\(aq \e \(gawhy\(ga
    """
    return "".join(
        _MARKS.get(letter, letter if letter.isascii() else f"\\[u{ord(letter):04X}]")
        for letter in text
    )
