"""The log: one line an outcome, whoever speaks; hostile text stays on its line; what repeats itself is counted."""

from __future__ import annotations

import gc
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from tidings import log, outcomes
from tidings.log import Once


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging and hooks are left as they were."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(False)
    root.handlers[:], level = kept
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


def opened(out: io.StringIO | None = None, **environ: str) -> io.StringIO:
    """Where the lines go."""
    out = io.StringIO() if out is None else out
    log.configure(verbose=True, stream=out, environ=environ)
    return out


def rows(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


HOSTILE = "evil\x1b[2J\r\n2026-01-01 [info] forged\x85\u2028\u202eabc\x9b31m\x00"


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_hostile_text_forges_no_line_and_moves_no_cursor(out: io.StringIO) -> None:
    """In the event, in a value, in a key, in what another library says, and in a fault's own words."""
    opened(out)
    ours = structlog.get_logger("ours")
    ours.info(HOSTILE, title=HOSTILE, many=[HOSTILE, {HOSTILE: HOSTILE}])
    logging.getLogger("theirs").info("%s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        ours.exception("broke")
    written = out.getvalue()

    for sign in ("\x1b[2J", "\r", "\x85", "\u2028", "\u202e", "\x9b", "\x00"):
        assert sign not in written
    assert not any(line.startswith("2026-01-01") for line in written.splitlines())
    assert written.count("forged") >= 6  # the words are there


def test_addresses_show_no_user_password_or_query() -> None:
    """Whoever writes them: we, a library, or a fault on its way through."""
    out = opened()
    address = "https://me:pass@news.example/feed?key=secret#part"
    structlog.get_logger().info("asked", url=address, looked={"at": [address]})
    logging.getLogger("scrapy.core").warning("Crawled (200) <GET %s>", address)
    try:
        raise OSError(f"no answer of {address}")
    except OSError:
        structlog.get_logger().exception("broke")

    written = out.getvalue()
    assert written.count("https://news.example/feed?…") >= 4
    assert not any(word in written for word in ("me:", "pass@", "key=", "secret"))


def test_a_traceback_shows_no_values() -> None:
    out = opened()
    try:
        word = "pass" + "word"
        raise RuntimeError(len(word))
    except RuntimeError:
        structlog.get_logger().exception("broke", source="times")

    (row,) = rows(out)
    assert row["source"] == "times"
    assert "RuntimeError: 8" in row["exception"]
    assert "password" not in row["exception"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_nobody_caught_is_a_line() -> None:
    """Of a thread, of a thing that is thrown away, of the whole process, and warnings of Python."""
    out = opened()

    class Thrown:
        def __del__(self) -> None:
            raise OSError("thrown away")

    thread = threading.Thread(target=lambda: 1 / 0, name="worker")
    thread.start()
    thread.join()
    Thrown()
    gc.collect()
    fault = KeyError("the end")
    sys.excepthook(KeyError, fault, None)
    warnings.simplefilter("always")
    warnings.warn("this goes away", DeprecationWarning, stacklevel=1)

    thread_ended, thrown, ended, warned = rows(out)
    assert (thread_ended["level"], "ZeroDivisionError" in thread_ended["exception"]) == ("error", True)
    assert thread_ended["event"] == "a thread ended by a fault: worker"
    assert "thrown away" in thrown["exception"]
    assert (ended["level"], "the end" in ended["exception"]) == ("critical", True)
    assert "this goes away" in warned["event"]


def test_the_form_is_chosen_by_the_environment_or_by_where_the_lines_go() -> None:
    for out, environ, as_json in (
        (io.StringIO(), {}, True),
        (io.StringIO(), {"TIDINGS_LOG_FORMAT": "text"}, False),
        (Terminal(), {}, False),
        (Terminal(), {"TIDINGS_LOG_FORMAT": "json"}, True),
    ):
        opened(out, **environ)
        structlog.get_logger().info("running", sources=3)
        assert out.getvalue().startswith("{") is as_json


def test_the_journal_gives_lines_of_text_their_time() -> None:
    out = opened(TIDINGS_LOG_FORMAT="text", JOURNAL_STREAM="8:1")
    structlog.get_logger().info("running")

    assert out.getvalue().startswith("[info")


def record(
    at: datetime, source: str = "times", problem: str = "answers 500", level: int = logging.ERROR
) -> logging.LogRecord:
    one = logging.LogRecord(
        "ours", level, "", 0, {"event": "broke", "source": source, "problem": problem}, (), None
    )  # type: ignore[arg-type]  # structlog hands over the event as a dict
    one.created = at.timestamp()
    return one


def test_the_same_again_is_counted_and_told_with_the_next_line() -> None:
    once, start = Once(), datetime(2026, 11, 24, 12, tzinfo=UTC)
    written = []
    for second in range(0, 1205, 5):
        one = record(start + timedelta(seconds=second))
        if once.filter(one):
            assert isinstance(one.msg, dict)
            written.append((second, one.msg.get("as_before"), one.msg.get("since")))

    assert written == [
        (0, None, None),
        (600, 119, "2026-11-24T12:00:00+00:00"),
        (1200, 119, "2026-11-24T12:00:00+00:00"),
    ]


def test_another_source_or_problem_is_another_line_and_outcomes_are_all_told() -> None:
    once, at = Once(), datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert once.filter(record(at))
    assert once.filter(record(at, source="post"))
    assert once.filter(record(at, problem="answers 404"))
    assert not once.filter(record(at))
    assert all(once.filter(record(at, level=logging.INFO)) for _ in range(3))


def test_outcomes_have_a_ration_of_their_own() -> None:
    """Their clock may run faster than that of the log."""
    out = opened()
    outcomes.log.warning("PollSource", problem="answers 500")
    outcomes.log.warning("PollSource", problem="answers 500")

    assert len(rows(out)) == 2


def test_a_library_that_repeats_itself_is_counted_too() -> None:
    out = opened()
    for _ in range(50):
        logging.getLogger("theirs").warning("no route to %s", "host")

    assert [row["event"] for row in rows(out)] == ["no route to host"]
