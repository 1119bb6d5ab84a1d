"""The JSON Schema of the configuration file, for editors that check as you type.

`python -m monitor.config.schema > config/schema.json` renews the shipped copy; a test compares.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from monitor.config.shape import ConfigShape


def schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12) of the models that the loader uses."""
    body = ConfigShape.model_json_schema()
    _tidy(body)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **body,
        "title": "Configuration of seedwatch",
    }


def _tidy(part: Any) -> None:
    # pydantic titles each field with its own name, and lets a name that does not fit its pattern
    # pass as a property that nobody described.
    if isinstance(part, list):
        for one in part:
            _tidy(one)
    if isinstance(part, dict):
        for field in part.get("properties", {}).values():
            field.pop("title", None)
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for one in part.values():
            _tidy(one)


def text() -> str:
    """Return the schema as it is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
