"""What headers and statuses mean: Retry-After, max-age, validators, which error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.errors import BlockedError, GoneError, TemporaryFetchError
from crawler.net.answers import fresh_for, host_wait, retry_at, trouble, validator

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("86400", timedelta(days=1)),
        ("1000000000", timedelta(days=7)),
        ("9" * 400, timedelta(days=7)),
        ("Wed, 25 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("Wednesday, 25-Nov-26 13:00:00 GMT", timedelta(hours=1)),
        ("Wed Nov 25 13:00:00 2026", timedelta(hours=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=7)),
        ("Fri, 01 Jan 1999 00:00:00 GMT", timedelta(0)),
        ("120, 240", timedelta(minutes=4)),
        ("120, soon", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_clamped_to_a_week(value: str, wait: timedelta | None) -> None:
    expected = None if wait is None else NOW + wait

    assert retry_at([("retry-after", value)], NOW) == expected


def test_the_longest_of_several_wishes_counts() -> None:
    """One of a proxy before the server, for one."""
    wishes = ("60", "Wed, 25 Nov 2026 13:00:00 GMT", "whenever", "120")

    assert retry_at([("retry-after", one) for one in wishes], NOW) == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("sent", "wait"),
    [
        ("Wed, 25 Nov 2026 11:00:00 GMT", timedelta(hours=2)),  # an hour behind us
        ("Wed, 25 Nov 2026 14:00:00 GMT", timedelta(hours=1)),  # ahead: to wait longer does no harm
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(hours=1)),  # no clock at all
        ("now", timedelta(hours=1)),
    ],
)
def test_a_date_to_wait_for_is_meant_by_the_clock_of_the_server(sent: str, wait: timedelta) -> None:
    """A server whose clock is behind is not asked too early."""
    headers = [("retry-after", "Wed, 25 Nov 2026 13:00:00 GMT"), ("date", sent)]

    assert retry_at(headers, NOW) == NOW + wait
    latest = ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")
    assert retry_at([latest, ("date", sent)], NOW) == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ([("cache-control", "max-age=3600")], timedelta(hours=1)),
        ([("cache-control", "public, MAX-AGE=3600")], timedelta(hours=1)),
        ([("cache-control", 'max-age="3600"')], timedelta(hours=1)),
        ([("cache-control", "public"), ("cache-control", "max-age=60")], timedelta(minutes=1)),
        ([("cache-control", "max-age=3600"), ("age", "600")], timedelta(minutes=50)),
        ([("cache-control", "max-age=60"), ("age", "600")], timedelta(0)),
        ([("cache-control", "max-age=60"), ("age", "old")], timedelta(minutes=1)),
        ([("cache-control", "max-age=2678400")], timedelta(days=31)),
        ([("cache-control", "max-age=315360000")], timedelta(days=30)),
        ([("cache-control", "no-cache, max-age=3600")], timedelta(0)),
        ([("cache-control", "no-store")], timedelta(0)),
        ([("cache-control", "s-maxage=60")], None),
        ([("cache-control", "max-age=-5")], None),
        (
            [("date", "Wed, 25 Nov 2026 12:00:00 GMT"), ("expires", "Wed, 25 Nov 2026 12:30:00 GMT")],
            timedelta(minutes=30),
        ),
        ([("expires", "0")], timedelta(0)),
        ([], None),
    ],
)
def test_freshness_is_max_age_less_age_within_a_month(
    headers: list[tuple[str, str]], fresh: timedelta | None
) -> None:
    assert fresh_for(headers, NOW) == fresh


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'"abc"', '"abc"'),
        (b'W/"abc-gzip"', 'W/"abc-gzip"'),
        (b"unquoted", "unquoted"),
        ('"é"'.encode(), '"é"'),
        (b'"\xe9"', None),
        (b"", None),
    ],
)
def test_a_validator_is_kept_exactly_or_not_at_all(raw: bytes, kept: str | None) -> None:
    """What could not be sent back byte for byte is not kept: an invented validator is worse than none."""
    assert validator([(b"Date", b"x"), (b"ETag", raw)], "etag") == kept


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None),
        (304, None),
        (400, TemporaryFetchError),
        (401, BlockedError),
        (403, BlockedError),
        (404, TemporaryFetchError),
        (408, TemporaryFetchError),
        (410, GoneError),
        (418, TemporaryFetchError),
        (429, TemporaryFetchError),
        (451, BlockedError),
        (500, TemporaryFetchError),
        (502, TemporaryFetchError),
        (503, TemporaryFetchError),
        (521, TemporaryFetchError),
        (999, TemporaryFetchError),
    ],
)
def test_every_status_has_its_type(status: int, kind: type[Exception] | None) -> None:
    found = trouble(status, [], host="example.org", now=NOW)

    assert (type(found) if found else None) is kind
    if found is not None:
        assert found.status == status
        assert str(found).startswith(f"example.org answers {status}")


@pytest.mark.parametrize(
    ("status", "wait"),
    [
        (200, None),
        (301, None),
        (403, timedelta(minutes=2)),
        (404, None),
        (429, timedelta(minutes=2)),
        (500, None),
        (503, timedelta(minutes=2)),
    ],
)
def test_a_host_is_left_alone_by_whom_it_tells_that_it_is_too_much(
    status: int, wait: timedelta | None
) -> None:
    """A missing page that bears a Retry-After says nothing about the others."""
    assert host_wait(status, [("retry-after", "120")], NOW) == wait
    assert host_wait(status, [], NOW) is None


def test_a_challenge_is_a_block_whatever_its_status() -> None:
    found = trouble(503, [("cf-mitigated", "challenge")], host="example.org", now=NOW)

    assert isinstance(found, BlockedError)


def test_max_age_binds_on_429_as_retry_after_does() -> None:
    headers = [("retry-after", "60"), ("cache-control", "max-age=172800")]
    busy = trouble(429, headers, host="example.org", now=NOW)
    down = trouble(503, headers, host="example.org", now=NOW)

    assert isinstance(busy, TemporaryFetchError)
    assert busy.retry_at == NOW + timedelta(days=2)
    assert isinstance(down, TemporaryFetchError)
    assert down.retry_at == NOW + timedelta(minutes=1)
