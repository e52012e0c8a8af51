"""The JSON Schemas in docs/schema are those of the code, and every document meets the one that it names."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from alerts import contract, envelope, notice
from tests.fakes.json_schema import faults
from tests.fakes.outbox import NOW
from tests.published import SCHEMAS, published_faults
from tests.unit.test_docs import digest
from tests.unit.test_render_digest import full_digest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def draw() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        import draw_document
    finally:
        sys.path.pop(0)
    return draw_document


def test_the_schemas_are_those_of_the_code(draw: ModuleType) -> None:
    """After a change of alerts/contract.py: a new VERSION, then `python docs/draw_document.py`."""
    found = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "schema").glob("*.json")}

    assert found == draw.schemas()


def test_every_field_is_described_but_those_that_explain_themselves() -> None:
    """The words are those of the tables of digests.md."""
    bare = {
        f"{name}.{field}"
        for schema in SCHEMAS.values()
        for name, one in {schema["title"]: schema, **schema["$defs"]}.items()
        for field, value in one["properties"].items()
        if "description" not in value
    }

    assert bare == {"InAll.outlets", "InAll.reports"}


@pytest.mark.parametrize("one", [digest(), full_digest(), replace(full_digest(), sections=(), notes=())])
def test_a_digest_meets_its_schema(one: Any) -> None:
    whole = json.loads(envelope.document(one, key="morning/x", created_at=NOW))

    assert whole["dataschema"] == contract.DIGEST_SCHEMA
    assert published_faults(whole) == []


def test_notices_and_tests_meet_theirs() -> None:
    told = notice.notice(key="n", subject="Trouble", paragraphs=["One."], created_at=NOW)

    for message in (told, notice.test_message(NOW)):
        whole = json.loads(message.data)
        assert whole["dataschema"] == contract.NOTICE_SCHEMA
        assert published_faults(whole) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("digest",), None, "$.digest: None is no string"),
        (("since",), "2026-11-25", "$.since: '2026-11-25' is no date-time"),
        (("coverage", "checked"), True, "$.coverage.checked: True is no integer"),
        (("new",), 1, "$.new is not published"),
        (("initiatives", 0, "stories", 0, "url"), "javascript:x", "meets none of"),
        (
            ("initiatives", 0, "stories", 0, "evidence", 0, "strength"),
            "so-so",
            "is none of ['strong', 'weak']",
        ),
        (("coverage", "without_page"), {"lost": 1}, "'lost' is none of"),
    ],
)
def test_what_is_not_published_is_found(path: tuple[Any, ...], value: Any, fault: str) -> None:
    """The judge that looks at all documents of the suite sees a wrong type, form or word, and a new field."""
    whole = json.loads(envelope.document(full_digest(), key="morning/x", created_at=NOW))
    at = whole["data"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    (found,) = published_faults(whole)
    assert fault in found


def test_a_field_that_is_lost_is_found() -> None:
    whole = json.loads(envelope.document(full_digest(), key="morning/x", created_at=NOW))
    del whole["data"]["initiatives"][0]["name"]

    assert published_faults(whole) == ["$.initiatives[0]: name is missing"]


def test_a_schema_beyond_the_judge_is_no_pass() -> None:
    with pytest.raises(LookupError):
        list(faults("x", {"type": "string", "pattern": "y"}, {}))
