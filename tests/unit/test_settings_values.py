"""Single values: what is taken, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tidings.settings.models import values

body_size = partial(values.size, least="500KiB", most="256MiB")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@given(st.integers(0, 36_500), st.sampled_from("smhd"))
def test_a_duration_is_a_number_and_a_unit(number: int, unit: str) -> None:
    """Every whole number with a unit is read exactly, leading zeros or not."""
    wanted = timedelta(**{UNITS[unit]: number})

    assert values.duration(f"{number}{unit}") == wanted
    assert values.duration(f"0{number}{unit}") == wanted


@given(st.text(max_size=20))
def test_anything_else_is_no_duration(text: str) -> None:
    """A text is a duration of this form or an error with a remedy, never a guess."""
    try:
        found = values.duration(text)
    except PydanticCustomError as error:
        assert error.context
        assert error.context["remedy"]
    else:
        assert text.strip()[:-1].isdigit()
        assert text.strip()[-1] in UNITS
        assert timedelta(0) <= found <= timedelta(days=36_500)


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (values.clock_time, "07:30", time(7, 30)),
        (values.clock_time, "7:30", time(7, 30)),
        (values.quiet_hours, "22:00-07:00", (time(22), time(7))),
        (values.quiet_hours, "22:00 – 07:00", (time(22), time(7))),
        (values.days, "daily", frozenset(range(7))),
        (values.days, ["mon", "Thursday"], frozenset({0, 3})),
        (values.zone, "Europe/Berlin", "Europe/Berlin"),
        (values.moment, "2025-12-31T07:30+01:00", datetime(2025, 12, 31, 6, 30, tzinfo=UTC)),
        (values.moment, "2025-12-31T07:30", datetime(2025, 12, 31, 7, 30, tzinfo=UTC)),
        (values.yes_no, "True", True),
        (values.language, "pt_BR", "pt-br"),
        (values.language, "NO", "no"),
        (values.network, "10.0.0.1", "10.0.0.1/32"),
        (body_size, "10MiB", 10 * 1024 * 1024),
        (body_size, "10 MiB", 10 * 1024 * 1024),
        (body_size, "20mb", 20_000_000),
        (body_size, "0600KiB", 600 * 1024),
        (body_size, "1000000B", 1_000_000),
        (body_size, "500KiB", 512_000),
        (body_size, "256MiB", 256 * 1024 * 1024),
        (values.host, "RSSHub.Example.org.", "rsshub.example.org"),
        (values.host, "bücher.example", "xn--bcher-kva.example"),
        (values.host, "localhost", "localhost"),
        (values.host, "2001:DB8::1", "2001:db8::1"),
        (values.host, "[2001:db8::1]", "2001:db8::1"),
        (values.bind_address, "[::1]:80", ("::1", 80)),
        (values.retention, "forever", None),
        (values.identifier, "हिंदी-1", "हिंदी-1"),
    ],
)
def test_values_that_are_taken(read: Callable[[object], object], text: object, wanted: object) -> None:
    """What an analyst would write is understood."""
    assert read(text) == wanted


@pytest.mark.parametrize(
    ("read", "text", "remedy"),
    [
        (values.duration, "1h30m", "write a number and s, m, h or d, such as 30s, 15m, 6h or 30d"),
        (values.duration, "99999999999999999999d", "write a shorter one"),
        (values.lasting_duration, "0s", "write a duration such as 30m"),
        (values.clock_time, "24:00", 'write hours and minutes from "00:00" to "23:59", such as "07:30"'),
        (values.clock_time, "7.30 am", 'write hours and minutes from "00:00" to "23:59", such as "07:30"'),
        (values.quiet_hours, "22:00-22:00", 'write two times, such as "22:00-07:00"'),
        (values.zone, "New York", "did you mean 'America/New_York'?"),
        (values.zone, "../../etc/passwd", "write a name such as Europe/Berlin or America/New_York"),
        (values.day, "31.12.2025", "write year-month-day, such as 2025-12-31"),
        (values.yes_no, "on", "write true"),
        (values.count, "1e3", "write digits only, such as 1"),
        (values.network, "10.0.0.1/8", "write the network 10.0.0.0/8"),
        (values.web_address, "https://user:pass@example.org/", "take it out and use auth_file"),
        (
            values.web_address,
            "https://example.org/a b",
            "write it in full, such as https://example.org/rss.xml",
        ),
        (values.web_address, "https://example.org/?key=${KEY}", "write the value itself"),
        (values.identifier, "my list", "use letters, digits and hyphens, such as 'my-list'"),
        (values.identifier, "../x", "use letters, digits and hyphens, such as 'x'"),
        (values.identifier, "all", "choose another word"),
        (body_size, "10M", "write a number and kB, MB, KiB or MiB, such as 10MiB"),
        (body_size, "600k", "write a number and kB, MB, KiB or MiB, such as 600KiB"),
        (body_size, "1.5MiB", "write a number and kB, MB, KiB or MiB, such as 10MiB"),
        (body_size, "-1MiB", "write a number and kB, MB, KiB or MiB, such as 10MiB"),
        (body_size, "10485760", "write a number and kB, MB, KiB or MiB, such as 10MiB"),
        (body_size, "10iB", "write a number and kB, MB, KiB or MiB, such as 10MiB"),
        (body_size, "499KiB", "write a size from 500KiB to 256MiB"),
        (body_size, "999999999999999GiB", "write a size from 500KiB to 256MiB"),
        (
            values.host,
            "https://rsshub.example.org:1200/x",
            "write its name alone, such as rsshub.example.org",
        ),
        (values.host, "feeds.example.org/rss", "write its name alone, such as feeds.example.org"),
        (values.host, "user:pw@feeds.example.org", "write its name alone, such as feeds.example.org"),
        (values.host, "two words", "write its name alone, such as rsshub.example.org"),
        (values.host, "*.example.org", "write its name alone, such as rsshub.example.org"),
        (values.bind_address, "::1:80", 'write host and port, such as "127.0.0.1:8787"'),
    ],
)
def test_values_that_are_refused_say_how_they_should_look(
    read: Callable[[object], object], text: object, remedy: str
) -> None:
    """The remedy is an example or the value that was meant."""
    with pytest.raises(PydanticCustomError) as caught:
        read(text)

    assert caught.value.context
    assert caught.value.context["remedy"] == remedy
