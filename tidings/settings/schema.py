"""JSON Schemas of the configuration files, for editors; made from the models."""

from __future__ import annotations

import json
from pathlib import Path

from tidings.settings.models.base import Shape
from tidings.settings.models.digests import DigestsFile
from tidings.settings.models.installation import TidingsFile
from tidings.settings.models.sources import SourcesFile
from tidings.settings.models.watchlist import WatchlistFile

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


def _text(model: type[Shape]) -> str:
    schema = model.model_json_schema(by_alias=True)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
