"""The published schemas, and what a document of ours has that does not meet its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.json_schema import faults

FOLDER = Path(__file__).parents[1] / "docs" / "schema"
SCHEMAS: dict[str, Any] = {
    schema["$id"]: schema
    for schema in (json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))
}


def published_faults(envelope: Mapping[str, Any]) -> list[str]:
    """Where the `data` of an envelope does not meet the schema that its `dataschema` names; [] when it does."""
    schema = SCHEMAS.get(str(envelope.get("dataschema")))
    if schema is None:
        return [f"no schema is published as {envelope.get('dataschema')!r}"]
    return list(faults(envelope["data"], schema, schema))
