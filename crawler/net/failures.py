"""Libraries' errors, told as ours: a sentence for the operator with the host in it and nothing secret."""

from __future__ import annotations

import errno
import os
import ssl
from datetime import timedelta

import aiohttp

from crawler.errors import CrawlError, ForbiddenAddress, TemporaryFetchError, TooLarge
from crawler.net.guard import RefusedAddress
from crawler.net.session import Broken

# What a request can end with besides an answer; everything else is a bug and goes up as it is.
EXPECTED = (aiohttp.ClientError, OSError, TimeoutError, UnicodeError)

_LONG_HEADERS = ("Got more than", "Too many headers")  # how aiohttp's parsers begin
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


def explain(error: BaseException, *, host: str, connect: timedelta, total: timedelta) -> CrawlError:
    """The error of ours for one of `EXPECTED`; addresses, paths and queries never enter its text."""
    if isinstance(error, Broken) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _certificate(error.certificate_error, host)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, host)
    if isinstance(error, ssl.SSLError):
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorSSLError) else error
        reason = (getattr(cause, "reason", None) or "").replace("_", " ").lower()
        return TemporaryFetchError(f"no TLS with {host}" + (f": {reason}" if reason else ""))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TemporaryFetchError(f"the name {host} does not resolve")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error.os_error, host)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return TemporaryFetchError(f"{host} accepts no connection within {_seconds(connect)}")
    if isinstance(error, TimeoutError):
        return TemporaryFetchError(f"{host} does not finish its answer within {_seconds(total)}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return TemporaryFetchError(f"{host} closed the connection without an answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return TemporaryFetchError(f"{host} broke off in the middle of its answer")
    if isinstance(error, aiohttp.ClientResponseError):
        if error.message.startswith(_LONG_HEADERS):
            return TooLarge(f"{host} sends headers that are too long")
        return TemporaryFetchError(f"{host} sends no valid HTTP")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, UnicodeError)):
        return ForbiddenAddress(f"{host} is no valid host name")
    if isinstance(error, OSError):
        return TemporaryFetchError(f"the connection to {host} broke: {_reason(error)}")
    return TemporaryFetchError(f"the request to {host} failed ({type(error).__name__})")


def _certificate(error: BaseException, host: str) -> CrawlError:
    reason = getattr(error, "verify_message", "") or "it cannot be verified"
    return TemporaryFetchError(f"the certificate of {host} is not accepted: {reason}")


def _not_connected(error: OSError, host: str) -> CrawlError:
    if isinstance(error, RefusedAddress):
        return ForbiddenAddress(f"{host} does not lead to a public address on a usual port")
    if isinstance(error, ConnectionRefusedError):
        return TemporaryFetchError(f"{host} refused the connection")
    if error.errno in _UNREACHABLE:
        return TemporaryFetchError(f"there is no route to {host}")
    if error.errno is None:  # a host with several addresses; the library tells only that they differ
        return TemporaryFetchError(f"no connection to {host}: each of its addresses failed in its own way")
    return TemporaryFetchError(f"no connection to {host}: {_reason(error)}")


def _reason(error: OSError) -> str:
    """The system's words for the error number: the library's own may hold more than should be shown."""
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__


def _seconds(wait: timedelta) -> str:
    return f"{wait.total_seconds():g} s"
