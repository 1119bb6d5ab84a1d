"""`completion`: what the Tab key offers, and the script that teaches it to a shell.

The scripts, and the completion of commands and options, are click's own. Names of topics, receivers
and builtin lists are added here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from monitor.cli.starter import starter_folder
from monitor.cli.whereabouts import places

PROGRAM = "seedwatch"
VARIABLE = "_SEEDWATCH_COMPLETE"
# Where each shell looks for scripts of a user; the script is made anew by the same line.
WHERE = {
    "bash": "~/.local/share/bash-completion/completions/seedwatch",
    "zsh": "~/.zfunc/_seedwatch",
    "fish": "~/.config/fish/completions/seedwatch.fish",
}
# A larger file is not read while somebody waits at a prompt.
MOST_BYTES = 1_000_000
_SECTION = re.compile(r"([a-z_]+)\s*:")
_NAME = re.compile(r"""( +)(?:"([^"\\]+)"|'([^']+)'|([^\s"'#:&*!{\[][^:#]*?))\s*:(?:\s|$)""")


def register(main: click.Group) -> None:
    """Add the command, and offer names wherever a command takes one; so it has to come last."""
    main.add_command(completion)
    attach(main)


@click.command(
    epilog="It works for the commands, their options, and the names of topics, receivers and"
    " builtin lists."
)
@click.argument("shell", type=click.Choice(tuple(WHERE)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete with the Tab key.

    \b
    Examples, and where it goes:
      bash  seedwatch completion bash \\
              > ~/.local/share/bash-completion/completions/seedwatch
      zsh   seedwatch completion zsh > ~/.zfunc/_seedwatch
            with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
      fish  seedwatch completion fish > ~/.config/fish/completions/seedwatch.fish

    Make the folder first if it is not there. A new shell then knows it, also after
    an upgrade.
    """  # noqa: D301 - click's own mark
    click.echo(script(ctx.find_root().command, shell), nl=False)


def script(main: click.Command, shell: str) -> str:
    """Give the script of one of the shells of `WHERE`."""
    made = get_completion_class(shell)
    assert made is not None, "a shell that click does not know"
    # Not its `source()`, which for bash asks the bash on the path for its version: the script may
    # be made on another machine.
    one = made(main, {}, PROGRAM, VARIABLE)
    return f"{(one.source_template % one.source_vars()).strip()}\n"


# ---------------------------------------------------------------------------------------- the names


class Named(click.types.StringParamType):
    """A text that is one of some known names; any other is taken, too."""

    def __init__(self, known: Callable[[click.Context], Iterator[str]]) -> None:
        self._known = known

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the names that begin as what was typed does."""
        return [CompletionItem(name) for name in self._known(ctx) if name.startswith(incomplete)]


def _in_section(section: str) -> Callable[[click.Context], Iterator[str]]:
    def known(ctx: click.Context) -> Iterator[str]:
        named = ctx.find_root().params.get("config")
        found = named or next((one for one in places(os.environ) if one.is_file()), None)
        try:
            with Path(found or "").open(encoding="utf-8", errors="replace") as file:
                text = file.read(MOST_BYTES)
        except OSError:
            return iter(())
        return names_in(text, section)

    return known


def names_in(text: str, section: str) -> Iterator[str]:
    r"""Give the keys right below a section of a configuration, as far as its layout shows them.

    No YAML is parsed: that takes longer than a Tab may, and would offer nothing while the file is
    being changed and wrong. What is written on one line, in braces, is not seen.

    >>> text = "topics:\n  border:\n    seeds: [x]\n  'us: tax': {}\nfeeds:\n  a: []"
    >>> list(names_in(text, "topics"))
    ['border', 'us: tax']
    """
    inside, depth = False, 0
    for line in text.splitlines():
        if (top := _SECTION.match(line)) is not None:
            inside, depth = top[1] == section, 0
        elif inside and (key := _NAME.match(line)) is not None:
            depth = depth or len(key[1])
            if len(key[1]) == depth:
                yield key[2] or key[3] or key[4]


def _builtin_lists(_ctx: click.Context) -> Iterator[str]:
    folder = starter_folder() / "config" / "feeds"
    return iter(sorted(path.stem for path in folder.glob("*.opml")))


TOPIC = Named(_in_section("topics"))
RECEIVER = Named(_in_section("receivers"))
BUILTIN = Named(_builtin_lists)
# What the parameters of all commands are called that take such a name.
BY_NAME = {"topic": TOPIC, "receiver": RECEIVER}
# The same, of one command alone.
BY_PLACE = {("lists", "word"): BUILTIN}


def attach(command: click.Command) -> None:
    """Offer names wherever a command, or one below it, takes one."""
    for param in command.params:
        name = param.name or ""
        wanted = BY_PLACE.get((command.name or "", name), BY_NAME.get(name))
        if wanted is not None and isinstance(param.type, click.types.StringParamType):
            param.type = wanted
    if isinstance(command, click.Group):
        for one in command.commands.values():
            attach(one)
