"""The JSON Schemas for editors, and the starter configuration that names them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tidings.settings.schema import schemas, write_schemas
from tidings.settings.starter import StarterError, shipped_config, write_starter

SHIPPED = Path(__file__).parents[2] / "config"


def test_the_shipped_schemas_are_those_of_the_models() -> None:
    """After a change of a model, `write_schemas(Path("config/schema"))` writes them anew."""
    found = {path.name: path.read_text(encoding="utf-8") for path in (SHIPPED / "schema").glob("*.json")}

    assert found == schemas()


def test_every_key_of_a_schema_is_described() -> None:
    """An editor tells what a key is for."""
    for name, text in schemas().items():
        document = json.loads(text)
        shapes = [document, *document["$defs"].values()]
        objects = [*shapes, *(one for shape in shapes for one in shape.get("anyOf", ()))]
        for one in objects:
            for key, value in one.get("properties", {}).items():
                there = document["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
                assert "description" in {**there, **value}, f"{name}: {key}"


def test_schemas_are_written_where_asked(tmp_path: Path) -> None:
    """One file a kind of YAML file."""
    written = write_schemas(tmp_path / "schema")

    assert sorted(path.name for path in written) == [
        "digests.json",
        "sources.json",
        "tidings.json",
        "watchlist.json",
    ]


def test_every_shipped_file_names_its_schema() -> None:
    """The first line leads an editor to a schema that is there."""
    for path in SHIPPED.rglob("*.yaml"):
        modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
        assert modeline, path
        assert (path.parent / modeline[1]).is_file(), path


def test_the_starter_is_a_copy_of_what_is_shipped(tmp_path: Path) -> None:
    """All of it, byte for byte, in new folders."""
    target = tmp_path / "new" / "config"

    written = write_starter(target, shipped_config())

    assert target / "tidings.yaml" in written
    assert target / "schema" / "watchlist.json" in written
    assert any(path.parent.name == "watchlists" for path in written)
    for path in written:
        assert path.read_bytes() == (shipped_config() / path.relative_to(target)).read_bytes()


def test_the_starter_overwrites_nothing(tmp_path: Path) -> None:
    """One file in the way, and none is written."""
    (tmp_path / "sources.yaml").write_text("mine")

    with pytest.raises(StarterError, match=r"sources\.yaml is there already, and nothing is overwritten"):
        write_starter(tmp_path, shipped_config())

    assert [path.name for path in tmp_path.iterdir()] == ["sources.yaml"]
    assert (tmp_path / "sources.yaml").read_text() == "mine"
