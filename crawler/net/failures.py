"""Libraries' errors, told as ours: a sentence for the operator with the host in it and nothing secret."""

from __future__ import annotations

import errno
import os
import ssl
from datetime import timedelta

import aiohttp

from crawler.errors import Cause, CrawlError, ForbiddenAddress, TemporaryFetchError, TooLarge
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
        return TemporaryFetchError(f"no TLS with {host}" + (f": {reason}" if reason else ""), cause=Cause.TLS)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TemporaryFetchError(f"the name {host} does not resolve", cause=Cause.NAME)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error.os_error, host)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _broke(f"{host} accepts no connection within {_seconds(connect)}")
    if isinstance(error, TimeoutError):
        told = f"{host} does not finish its answer within {_seconds(total)}"
        return TemporaryFetchError(told, cause=Cause.SLOW)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return _broke(f"{host} closed the connection without an answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return _broke(f"{host} broke off in the middle of its answer")
    if isinstance(error, aiohttp.ClientResponseError):
        if error.message.startswith(_LONG_HEADERS):
            return TooLarge(f"{host} sends headers that are too long", cause=Cause.HEADERS)
        return TemporaryFetchError(f"{host} sends no valid HTTP", cause=Cause.BROKEN)
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, UnicodeError)):
        return ForbiddenAddress(f"{host} is no valid host name")
    if isinstance(error, OSError):
        return _broke(f"the connection to {host} broke: {_reason(error)}")
    told = f"the request to {host} failed ({type(error).__name__})"
    return TemporaryFetchError(told, cause=Cause.BROKEN)


def _certificate(error: BaseException, host: str) -> CrawlError:
    reason = getattr(error, "verify_message", "") or "it cannot be verified"
    told = f"the certificate of {host} is not accepted: {reason}"
    return TemporaryFetchError(told, cause=Cause.CERTIFICATE)


def _not_connected(error: OSError, host: str) -> CrawlError:
    if isinstance(error, RefusedAddress):
        told = f"{host} does not lead to a public address on a usual port"
        return ForbiddenAddress(told, cause=error.cause)
    if isinstance(error, ConnectionRefusedError):
        return _broke(f"{host} refused the connection")
    if error.errno in _UNREACHABLE:
        return _broke(f"there is no route to {host}")
    if error.errno is None:  # a host with several addresses; the library tells only that they differ
        return _broke(f"no connection to {host}: each of its addresses failed in its own way")
    return _broke(f"no connection to {host}: {_reason(error)}")


def _broke(told: str) -> CrawlError:
    return TemporaryFetchError(told, cause=Cause.NETWORK)


def _reason(error: OSError) -> str:
    """The system's words for the error number: the library's own may hold more than should be shown."""
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__


def _seconds(wait: timedelta) -> str:
    return f"{wait.total_seconds():g} s"
