"""Groups of commands that list them in the order in which a newcomer needs them."""

from __future__ import annotations

import click


class Ordered(click.Group):
    """A group whose help keeps the order in which its commands are defined."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List them as they are defined."""
        return list(self.commands)
