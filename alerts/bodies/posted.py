"""What a channel posts: bytes and the headers that belong to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    body: bytes
    headers: Mapping[str, str] = field(
        default_factory=dict
    )  # lower-case names, ASCII values without controls


def posted_json(document: Mapping[str, object]) -> Posted:
    """A JSON document, compact."""
    return Posted(
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        headers={"content-type": "application/json; charset=utf-8"},
    )
