"""Times as pages spell them."""

from __future__ import annotations

import pytest

from crawler.extract.times import parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-05-04T09:30:00+02:00", "2019-05-04T07:30:00+00:00"),
        ("2026-02-20T11:00:00.123Z", "2026-02-20T11:00:00+00:00"),
        ("2026-02-20T11:00Z", "2026-02-20T11:00:00+00:00"),
        ("20260220T110000Z", "2026-02-20T11:00:00+00:00"),
        ("2026-02-20T11:00:00-0500", "2026-02-20T16:00:00+00:00"),
        ("2026-02-20 11:00", "2026-02-20T05:30:00+00:00"),
        ("2026-02-20", "2026-02-19T18:30:00+00:00"),
        ("Wed, 04 Mar 2026 10:00:00 EST", "2026-03-04T15:00:00+00:00"),
        ("1772600000", "2026-03-04T04:53:20+00:00"),
        ("1772600000123", "2026-03-04T04:53:20+00:00"),
    ],
)
def test_times_are_read_into_utc(text: str, expected: str) -> None:
    """With their own zone, or in the source's where they have none."""
    moment = parse_time(text, "Asia/Kolkata")
    assert moment is not None
    assert moment.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "yesterday",
        "2026-02-30",
        "0001-01-01T00:00:00Z",
        "1970-01-01",
        "9999-12-31T23:59:59-12:00",
        "1" * 99,
    ],
)
def test_what_names_no_moment_is_no_time(text: str | None) -> None:
    """Placeholders and nonsense are unknown, not a date."""
    assert parse_time(text) is None


def test_an_unknown_zone_is_utc() -> None:
    """A zone that no table has does not lose the time."""
    moment = parse_time("2026-02-20T11:00", "Mars/Olympus")
    assert moment is not None
    assert moment.isoformat() == "2026-02-20T11:00:00+00:00"
