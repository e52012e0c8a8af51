"""Draw the JSON Schemas of what webhooks carry and exports hold, from the code and the tables of their pages:
`python docs/draw_document.py`."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from alerts import contract
from tidings import exports

FOLDER = Path(__file__).with_name("schema")
PAGES = tuple(Path(__file__).with_name(name) for name in ("digests.md", "exports.md"))
SCHEMAS = {
    "digest.json": (contract.DIGEST_SCHEMA, contract.DigestData),
    "notice.json": (contract.NOTICE_SCHEMA, contract.NoticeData),
    "alert.json": (contract.ALERT_SCHEMA, contract.AlertData),
    "export-articles.json": (f"urn:tidings:export:articles:{exports.VERSION}", exports.ExportedArticle),
    "export-matches.json": (f"urn:tidings:export:matches:{exports.VERSION}", exports.ExportedMatch),
    "export-stories.json": (f"urn:tidings:export:stories:{exports.VERSION}", exports.ExportedStory),
    "export-deliveries.json": (f"urn:tidings:export:deliveries:{exports.VERSION}", exports.ExportedDelivery),
}
CHAPTERS: dict[
    Any, str
] = {  # where the fields of a shape are described, and with them those that it inherits
    contract.DigestData: "the data",
    contract.Initiative: "an initiative",
    contract.LastDays: "the last days",
    contract.Telling: "a telling",
    contract.Story: "a story",
    contract.Agency: "an agency",
    contract.MessageOfBefore: "a message of before",
    contract.Update: "an update",
    contract.Evidence: "evidence",
    contract.Commitment: "a commitment",
    contract.Coverage: "the coverage",
    contract.Failing: "a failing source",
    contract.Gap: "a gap",
    contract.Flood: "a flood",
    contract.NoticeData: "the data of a test",
    contract.AlertData: "the data of an alert",
    contract.Named: "an initiative of an alert",
    contract.AlertStory: "a story of an alert",
    contract.SurgeFigures: "a surge",
    contract.SilenceFigures: "a silence",
    contract.SilentSource: "a source of a silence",
    contract.SilenceOverFigures: "the end of a silence",
    contract.AlertCommitment: "a commitment of an alert",
    contract.Trouble: "a trouble",
    exports.ExportedArticle: "an exported article",
    exports.ExportedMatch: "an exported match",
    exports.ExportedStory: "an exported story",
    exports.ExportedTelling: "what was told of a story",
    exports.ExportedDelivery: "an exported delivery",
}
PLAIN: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schemas() -> dict[str, str]:
    """File name → text of each schema."""
    return {name: _text(identifier, shape) for name, (identifier, shape) in SCHEMAS.items()}


def _text(identifier: str, shape: Any) -> str:
    met: dict[str, Any] = {}
    root = _mapping(shape, met)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identifier,
        "title": shape.__name__,
        "description": shape.__doc__,
        **root,
        "$defs": dict(sorted(met.items())),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _mapping(shape: Any, met: dict[str, Any]) -> dict[str, Any]:
    """The fields of a shape; those of later versions are let through."""
    hints = get_type_hints(shape, include_extras=True)
    words = _described(CHAPTERS[shape]) if shape in CHAPTERS else {}
    if contract.Telling.__annotations__.keys() <= hints.keys():
        words = {**_described(CHAPTERS[contract.Telling]), **words}
    fields, required = {}, []
    for name, hint in hints.items():
        if get_origin(hint) is NotRequired:
            hint = get_args(hint)[0]
        else:
            required.append(name)
        fields[name] = _value(hint, met) | ({"description": words[name]} if name in words else {})
    return {"type": "object", "properties": fields, "required": required}


def _value(hint: Any, met: dict[str, Any]) -> dict[str, Any]:
    """The schema of one value; a shape is put into `met`, and referred to.

    Raises:
        LookupError: a type that has no schema here.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if is_typeddict(hint):
        if hint.__name__ not in met:
            met[hint.__name__] = {}
            met[hint.__name__] = _mapping(hint, met)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if origin is Annotated:
        note = parts[1]
        if isinstance(note, type) and issubclass(note, StrEnum):
            return {"type": "string", "enum": [str(one) for one in note]}
        return {"type": "string", "format": note}
    if origin in (Union, UnionType):
        return {"anyOf": [_value(one, met) for one in parts]}
    if origin is list:
        return {"type": "array", "items": _value(parts[0], met)}
    if origin is dict:
        return {
            "type": "object",
            "propertyNames": _value(parts[0], met),
            "additionalProperties": _value(parts[1], met),
        }
    raise LookupError(f"{hint!r} has no schema; add one in docs/draw_document.py")


def _described(heading: str) -> dict[str, str]:
    """Field → what a page says of it, in the table under `### Fields of …`."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    chapter = pages.partition(f"### Fields of {heading}\n")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in chapter.splitlines() if "| `" in line[:3]]
    return {name: row[2].replace("`", "") for row in rows for name in re.findall(r"`(\w+)`", row[1])}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, text in schemas().items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
