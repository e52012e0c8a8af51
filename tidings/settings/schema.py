"""JSON Schemas of the configuration files, for editors; made from the models."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tidings.settings.models.base import Shape
from tidings.settings.models.digests import DigestsFile
from tidings.settings.models.installation import TidingsFile
from tidings.settings.models.sources import SourcesFile
from tidings.settings.models.watchlist import WatchlistFile

_ISO_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?")
FILES: dict[str, type[Shape]] = {
    "tidings": TidingsFile,
    "sources": SourcesFile,
    "watchlist": WatchlistFile,
    "digests": DigestsFile,
}


def schemas() -> dict[str, str]:
    """File name → text of each schema."""
    return {f"{name}.json": _text(model) for name, model in FILES.items()}


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write all schemas into `folder`, over those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schemas().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return tuple(written)


class _Untitled(GenerateJsonSchema):
    """Without a title a key: it repeats the key."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def _text(model: type[Shape]) -> str:
    schema = _with_defaults_as_written(model.model_json_schema(by_alias=True, schema_generator=_Untitled))
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _with_defaults_as_written(schema: Any) -> Any:
    """Defaults as a user would write them: `30m`, not `PT30M`; the others only where they are plain."""
    if isinstance(schema, list):
        return [_with_defaults_as_written(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _with_defaults_as_written(value) for key, value in schema.items() if key != "default"}
    default = schema.get("default")
    if isinstance(default, str | int) and default != "":
        kept["default"] = _spelled(default) if _ISO_DURATION.fullmatch(str(default)) else default
    return kept


def _spelled(iso: str | int) -> str:
    """`PT30M` → `30m`, in the largest unit that is exact."""
    seconds = int(TypeAdapter(timedelta).validate_python(iso).total_seconds())
    units = (("d", 86400), ("h", 3600), ("m", 60))
    return next(
        (f"{seconds // size}{unit}" for unit, size in units if seconds and seconds % size == 0), f"{seconds}s"
    )


if __name__ == "__main__":
    import sys

    for written_path in write_schemas(Path(sys.argv[1])):
        sys.stdout.write(f"{written_path}\n")
