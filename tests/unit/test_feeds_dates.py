"""Dates as feeds write them are read right, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds.dates import parse_date


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Tue, 24 Nov 2026 10:00 CET", "2026-11-24T09:00"),
        ("Tue, 03 Mar 2026 06:00:00 EST", "2026-03-03T11:00"),
        ("Wed, 04 Mar 2026 10:00:00 IST", "2026-03-04T04:30"),
        ("Wed Mar 04 2026 10:00:00 GMT+0530 (India Standard Time)", "2026-03-04T04:30"),
        ("Thu Jan  1 00:00:01 2004", "2004-01-01T00:00:01"),
        ("2003-12-31T10:14:55-08:00", "2003-12-31T18:14:55"),
        ("2026-11-20T10:00:00.123Z", "2026-11-20T10:00"),
        ("2026-11-20T10:00:00+0530", "2026-11-20T04:30"),
        ("Mon, 20 Nov 2026 10:00:00 Europe/Berlin", "2026-11-20T09:00"),
        ("Fri, 20 Nov 2026 24:00:00 +0000", "2026-11-21T00:00"),
        ("Nov 20, 2026 5:00 p.m. EST", "2026-11-20T22:00"),
        ("06:00 EST, 03 Mar 2026", "2026-03-03T11:00"),
        ("20/11/26", "2026-11-20T00:00"),
        ("Thứ Sáu, 20/11/2026, 10:00 GMT+7", "2026-11-20T03:00"),
        ("2026年11月20日", "2026-11-20T00:00"),
        ("2026年11月20日 下午3:05", "2026-11-20T15:05"),
        ("2026년 11월 20일 오후 3시 5분", "2026-11-20T15:05"),
        ("5 марта 2026, 10:30", "2026-03-05T10:30"),
        ("2026. március 4. 10:00", "2026-03-04T10:00"),
        ("४ मार्च 2026", "2026-03-04T00:00"),
        ("4 de março de 2026", "2026-03-04T00:00"),
        ("1763632800", "2025-11-20T10:00"),
        ("1763632800000", "2025-11-20T10:00"),
        ("20261120", "2026-11-20T00:00"),
    ],
)
def test_a_date_is_read_in_utc(raw: str, expected: str) -> None:
    """Layouts, zone names, languages and counters that real feeds use."""
    assert parse_date(raw) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("04.03.2026 10.30 Uhr", "2026-03-04T10:30"),
        ("4 mei 2026 om 10.30 uur", "2026-05-04T10:30"),
        ("4 maj 2026 kl. 10.30", "2026-05-04T10:30"),
        ("4. maaliskuuta 2026 klo 10.30", "2026-03-04T10:30"),
        ("12 Oktober 2026 pukul 10.30 WIB", "2026-10-12T03:30"),
        ("Thu, 21 Aug 2025 14.05.00 GMT", "2025-08-21T14:05"),
        ("le 4 mars 2026 à 10 h 30", "2026-03-04T10:30"),
        ("le 4 août 2026 à 9h", "2026-08-04T09:00"),
        ("20.11.2026 14 Uhr", "2026-11-20T14:00"),
        ("August 21 2025 9am", "2025-08-21T09:00"),
        ("9pm, August 21 2025", "2025-08-21T21:00"),
        ("2026-03-04T10Z", "2026-03-04T10:00"),
        ("Fri, 20 Nov 2026 2:5:0 GMT", "2026-11-20T02:05"),
        ("2026-03-04 下午 3:05", "2026-03-04T15:05"),
        ("2026.03.04. 오후 3:05", "2026-03-04T15:05"),
        ("2026年3月4日 PM 3:05", "2026-03-04T15:05"),
        ("٢٠ نوفمبر ٢٠٢٦، ٢:٠٥ م", "2026-11-20T14:05"),
        ("12.10.26", "2026-10-12T00:00"),
        ("2026. 10. 12.", "2026-10-12T00:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(raw: str, expected: str) -> None:
    """With dots, letters, hours alone, halves of the day before or after; a date with dots is no time."""
    assert parse_date(raw) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Mo, 02 Mrz 2026", "2026-03-02"),
        ("Thu, 21Aug 2025 00:00:00 GMT", "2025-08-21"),
        ("4 كانون الثاني 2026", "2026-01-04"),
        ("4 آذار/مارس 2026", "2026-03-04"),
        ("4 במרץ 2026", "2026-03-04"),
        ("4 มี.ค. 69", "2026-03-04"),
        ("20 พฤศจิกายน พ.ศ. 2569", "2026-11-20"),
        ("ngày 4 tháng 3 năm 2026", "2026-03-04"),
        ("4 Tháng Mười Hai 2026", "2026-12-04"),
        ("4 மார்ச் 2026", "2026-03-04"),
        ("4 મે 2026", "2026-05-04"),
        ("4 مارچ 2026", "2026-03-04"),
        ("۲۰ نوامبر ۲۰۲۶", "2026-11-20"),
        ("2026. gada 12. oktobris", "2026-10-12"),
        ("2026 m. spalio 12 d.", "2026-10-12"),
        ("2026ko martxoaren 4a", "2026-03-04"),
        ("2026, March 4", "2026-03-04"),
        ("二〇二六年三月四日", "2026-03-04"),
        ("2026年十二月三十一日", "2026-12-31"),
        ("令和8年3月4日(水)", "2026-03-04"),
        ("民國115年3月4日", "2026-03-04"),
        ("2026-W11-3", "2026-03-11"),
        ("2026-064", "2026-03-05"),
    ],
)
def test_a_day_is_read_in_its_language_and_calendar(raw: str, expected: str) -> None:
    """Names of months in some fifty languages; Buddhist, Japanese and Republican years; weeks and ordinals."""
    assert parse_date(raw) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(("language", "month"), [("hr", 10), ("cs", 11), ("pl-pl", 11), (None, 11)])
def test_the_language_settles_a_month_name_that_two_share(language: str | None, month: int) -> None:
    """Listopad is October in Croatian, November in Czech and Polish."""
    found = parse_date("4. listopada 2026", language=language)

    assert found is not None
    assert found.month == month


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1772618400000000", "2026-03-04T10:00"),
        ("@1772618400", "2026-03-04T10:00"),
        ("/Date(1772618400000)/", "2026-03-04T10:00"),
        ("20260304100000", "2026-03-04T10:00"),
        ("20260304T100000+0530", "2026-03-04T04:30"),
        ("Mon, 30 Jun 2025 23:59:60 GMT", "2025-06-30T23:59:59"),
        ("Aug. 21, 2025, 9:05 a.m. ET", "2025-08-21T13:05"),
        ("thu, 21 aug 2025 14:05:00 est", "2025-08-21T19:05"),
        ("12 июня 2026 в 10:00 МСК", "2026-06-12T07:00"),
    ],
)
def test_counters_packed_times_and_names_without_a_season_are_read(raw: str, expected: str) -> None:
    """Microseconds are no seconds, a leap second is the last of its minute, ET knows its summer."""
    assert parse_date(raw) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-02-30",
        "2026-13-45",
        "9999-12-31",
        "1970-01-01T00:00:00Z",
        "2026",
        "2026-11",
        "2026-367",
        "10 minutes ago",
        "hace 2 horas",
        "2小时前",
        "heute, 10:30 Uhr",
        "Fri, 20 Nov 2026 10:00:75 GMT",
        "4/3/2026",
        None,
    ],
)
def test_what_is_no_date_for_sure_is_none(raw: str | None) -> None:
    """Impossible days, placeholders, vague words and ambiguous numbers are never turned into a date."""
    assert parse_date(raw) is None


@pytest.mark.parametrize(
    ("raw", "zone", "expected"),
    [
        ("2026-11-20 10:00 IST", "Europe/Dublin", 9),
        ("2026-11-20 10:00 IST", "Asia/Jerusalem", 8),
        ("2026-07-20 10:00 CST", "Asia/Shanghai", 2),
        ("2026-07-20 10:00 BST", "Asia/Dhaka", 4),
        ("2026-07-20 10:00 AST", "Asia/Riyadh", 7),
        ("2026-07-20 10:00 EST", "Australia/Sydney", 0),
        ("2026-07-20 10:00 EST", "Asia/Kolkata", 15),
        ("2026-07-20 10:00", "America/New_York", 14),
        ("2026-01-20 10:00", "America/New_York", 15),
    ],
)
def test_the_source_zone_settles_times_and_ambiguous_names(raw: str, zone: str, expected: int) -> None:
    """Its own offset on that day counts, summer time included."""
    found = parse_date(raw, zone=zone)

    assert found is not None
    assert found.hour == expected


@pytest.mark.parametrize(
    ("zone", "language", "day"), [("Asia/Kolkata", None, (4, 3)), ("America/Chicago", None, (3, 4)), (None, "fr", (4, 3)), (None, "en-us", (3, 4))]
)  # fmt: skip
def test_three_four_is_read_by_zone_or_language(
    zone: str | None, language: str | None, day: tuple[int, int]
) -> None:
    """4/3/2026 is 4 March in India and France, 3 April in the United States."""
    found = parse_date("4/3/2026 12:00", zone=zone, language=language)

    assert found is not None
    assert (found.day, found.month) == day


def test_a_wrong_zone_is_an_error_of_the_configuration() -> None:
    """It is not passed over in silence."""
    with pytest.raises(ZoneInfoNotFoundError):
        parse_date("2026-11-20", zone="Mars/Olympus")


@given(st.text(max_size=120))
def test_any_text_gives_a_date_in_utc_or_none(raw: str) -> None:
    """No text upsets the reader."""
    found = parse_date(raw)

    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2190, 1, 1)))  # noqa: DTZ001  # zone follows
def test_standard_layouts_come_back_as_they_were(moment: datetime) -> None:
    """RFC 822 and ISO 8601 lose nothing but fractions of a second."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)

    assert parse_date(moment.isoformat()) == moment
    if moment.year >= 1971:
        assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S GMT")) == moment
