"""Why a source failed, told from the sentence that is remembered of it. Pure.

A `PollState` keeps the words an operator read, not the exception. Each sentence of `crawler/net/failures.py`,
`answers.py`, `limits.py` and the spiders begins in a way of its own, so its cause can be read back.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Cause(StrEnum):
    """What kind of trouble it was, by what a person can do about it."""

    NAME = "name"  # the host's name does not resolve
    NETWORK = "network"  # nobody answers, or the connection broke
    CERTIFICATE = "certificate"
    TLS = "tls"
    SLOW = "slow"
    BROKEN = "broken"  # an answer that is no valid HTTP, or packed wrongly
    MISSING = "missing"  # 404
    BUSY = "busy"  # 429, or a wish to wait
    LOGIN = "login"  # 401
    LEGAL = "legal"  # 451
    ROBOTS = "robots"
    CHALLENGE = "challenge"  # a page for people came instead
    SERVER = "server"  # 5xx
    STATUS = "status"  # any other status
    REDIRECTS = "redirects"
    ADDRESS = "address"  # our own guard refused it
    LARGE = "large"
    SPIDER = "spider"
    OTHER = "other"


_HOST = r"\S+ "
_BEGINNINGS = tuple(
    (cause, re.compile(words))
    for cause, words in (
        (Cause.NAME, r"the name \S+ does not resolve"),
        (Cause.CERTIFICATE, r"the certificate of "),
        (Cause.TLS, r"no TLS with "),
        (Cause.NETWORK, rf"no connection to |there is no route to |the connection to |{_HOST}refused the connection"),
        (Cause.NETWORK, rf"{_HOST}accepts no connection|{_HOST}closed the connection|{_HOST}broke off"),
        (Cause.SLOW, rf"{_HOST}does not finish its answer"),
        (Cause.MISSING, rf"{_HOST}answers 404\b"),
        (Cause.BUSY, rf"{_HOST}answers 429\b|{_HOST}wants no request"),
        (Cause.LOGIN, rf"{_HOST}answers 401\b"),
        (Cause.LEGAL, rf"{_HOST}answers 451\b"),
        (Cause.SERVER, rf"{_HOST}answers 5\d\d\b"),
        (Cause.STATUS, rf"{_HOST}answers \d"),
        (Cause.ROBOTS, r"robots\.txt of |no page of \S+ may be read while its robots\.txt"),
        (Cause.CHALLENGE, r"a challenge page|a consent page"),
        (Cause.REDIRECTS, rf"{_HOST}redirects (?:in a circle|more than|\(\d+\) without)"),
        (Cause.ADDRESS, rf"{_HOST}redirects to what may not|{_HOST}is not a public address|{_HOST}does not lead to a public"),
        (Cause.ADDRESS, rf"{_HOST}is no valid host name|{_HOST}is a number, |port \d+ of |only http |no user name or "),
        (Cause.ADDRESS, r"(?:the|an) address |the header "),
        (Cause.LARGE, rf"{_HOST}sends (?:more than|too much|a body that unpacks|headers )|the document unpacks to more"),
        (Cause.BROKEN, rf"{_HOST}sends |the request to "),
        (Cause.SPIDER, r"the spider |the visit of |a request failed"),
    )
)  # fmt: skip


def cause_of(problem: str | None) -> Cause:
    """The cause of a remembered problem; OTHER for words that tell of none."""
    return next((cause for cause, begins in _BEGINNINGS if problem and begins.match(problem)), Cause.OTHER)


HERE = frozenset({Cause.NAME, Cause.NETWORK})  # may as well be this machine's own network
LASTING = frozenset({Cause.ADDRESS, Cause.LARGE})  # do not pass by themselves
