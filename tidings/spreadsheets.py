"""Values as cells of CSV: a text that a spreadsheet would take for a formula is told to be text. Pure."""

from __future__ import annotations

import json
from typing import Any

_FORMULA = tuple(
    "=+-@＝＋－＠\t\n"
)  # what a formula may begin with, also where the text is trimmed or folded first


def cell(value: Any) -> Any:
    """One value: a list of texts is parted by "; ", what holds more is JSON, and nothing is run by who opens it.

    Lines are parted by line feeds: another sign would end the row where `csv` parts rows by those.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple() if all(isinstance(one, str) for one in value):
            value = "; ".join(value)
        case list() | tuple() | dict():
            value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
