"""What every part of the configuration file is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A part of the file; a key that it does not know is a fault."""

    # Errors hide their input, which may be a secret; defaults stand here as in the file.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


def as_written(default: str, description: str) -> Any:
    """Give a default in the words of the file, so that the JSON schema shows what one may write."""
    return Field(default=default, description=description)
