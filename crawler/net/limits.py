"""What one request may cost, and whom it may ask: bytes, ratio, hops, time, ports; and decoding that stops at the cap."""

from __future__ import annotations

import sys
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from crawler.errors import Cause, TemporaryFetchError, TooLarge
from crawler.net.guard import PORTS

ACCEPT_ENCODING = "gzip, deflate, br, zstd"  # advertised because each is capped while decoding

TOGETHER = 512 * 1024 * 1024  # decoded bytes of all bodies that are being read in this process
FAIR = 1024 * 1024  # bytes that a body may have all the same
_PIECE = 64 * 1024  # bytes decoded at a time
_STACKED = 2  # content codings on top of each other
_MEMBERS = 1000  # gzip members or zstd frames in one body
_RATIO_FROM = 1024 * 1024  # decoded bytes before the ratio is judged: small bodies may repeat themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost; the same for feeds, pages, robots.txt, spiders and discovery."""

    body: int = 10 * 1024 * 1024  # decoded bytes
    ratio: int = 100  # decoded bytes for one byte on the wire
    hops: int = 5  # redirects followed
    connect: timedelta = timedelta(seconds=10)  # to connect, with name resolution and the TLS handshake
    total: timedelta = timedelta(seconds=30)  # on the network in all, however slowly it drips
    headers: int = 64 * 1024  # bytes of all header lines; one may have a quarter of it
    ports: frozenset[int] = PORTS  # of public addresses

    def check_headers(self, raw: Iterable[tuple[bytes, bytes]], *, host: str) -> None:
        """Judge the header lines of an answer.

        Raises:
            TooLarge: together they are longer than `headers`.
        """
        if sum(len(name) + len(value) + 4 for name, value in raw) > self.headers:
            told = f"{host} sends headers of more than {spelled(self.headers)}"
            raise TooLarge(told, cause=Cause.HEADERS)


async def read_body(
    chunks: AsyncIterable[bytes],
    *,
    encodings: Sequence[str],
    limits: Limits,
    host: str,
    cut: int | None = None,
) -> bytes:
    """A whole body, decoded; see `decoded`.

    Args:
        cut: keep only the first `cut` bytes and call that the body (robots.txt).
    Raises:
        TemporaryFetchError: also when all bodies that are being read have become too many bytes together.
    """
    body = bytearray()
    try:
        async with aclosing(decoded(chunks, encodings=encodings, limits=limits, host=host)) as pieces:
            async for piece in pieces:
                body += piece
                _together.bytes += len(piece)
                if cut is not None and len(body) >= cut:
                    return bytes(body[:cut])
                if len(body) > FAIR and _together.bytes > TOGETHER:
                    told = f"{host} sends much while others do; it is asked again later"
                    raise TemporaryFetchError(told, cause=Cause.OTHER)
        return bytes(body)
    finally:
        _together.bytes -= len(body)


async def decoded(
    chunks: AsyncIterable[bytes], *, encodings: Sequence[str], limits: Limits, host: str
) -> AsyncGenerator[bytes, None]:
    """Decode a body as it comes, a piece at a time, stopping at the limits.

    Args:
        chunks: what comes from the wire.
        encodings: values of the Content-Encoding headers, in order.
        host: named in errors.
    Raises:
        TooLarge: past `limits.body` or `limits.ratio`.
        TemporaryFetchError: broken, cut off, or in a coding that was not asked for.
    """
    meter = _Meter(limits, host)
    pipe = _pipe(encodings, host)
    try:
        async for chunk in chunks:
            meter.wire(len(chunk))
            for piece in _decode(pipe, chunk, meter):
                yield piece
    except _Corrupt as error:
        told = f"{host} sends a body that cannot be decompressed"
        raise TemporaryFetchError(told, cause=Cause.BROKEN) from error
    if meter.total and not all(decoder.complete for decoder in pipe):
        raise TemporaryFetchError(f"{host} broke off in the middle of its answer", cause=Cause.NETWORK)


def gunzip(body: bytes, *, limits: Limits, host: str) -> bytes:
    """The content of a body that is itself a gzip file (`sitemap.xml.gz`); any other body as it is.

    Raises:
        TooLarge: past `limits.body` or `limits.ratio`.
        TemporaryFetchError: a broken gzip file.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body
    meter = _Meter(limits, host)
    meter.wire(len(body))
    decoder = _Inflate(gzip=True)
    try:
        content = b"".join(_decode([decoder], body, meter))
    except _Corrupt as error:
        told = f"{host} sends a gzip file that cannot be read"
        raise TemporaryFetchError(told, cause=Cause.BROKEN) from error
    if not decoder.complete:
        raise TemporaryFetchError(f"{host} sends a gzip file that is cut off", cause=Cause.BROKEN)
    return content


@dataclass(slots=True)
class _Together:
    """What is being read at this moment."""

    bytes: int = 0


_together = _Together()


class _Corrupt(ValueError):
    """The bytes are not what their coding says."""


class _Meter:
    """Counts what came in and what it became, and stops at the limits."""

    def __init__(self, limits: Limits, host: str) -> None:
        self._limits, self._host = limits, host
        self.total = 0

    def wire(self, size: int) -> None:
        self.total += size
        if self.total > self._limits.body:
            self._refuse()

    def decoded(self, sofar: int) -> None:
        if sofar > self._limits.body:
            self._refuse()
        if sofar > _RATIO_FROM and sofar > self.total * self._limits.ratio:
            told = f"{self._host} sends a body that unpacks to more than {self._limits.ratio} times its size"
            raise TooLarge(told, cause=Cause.RATIO)

    def _refuse(self) -> None:
        raise TooLarge(f"{self._host} sends more than {spelled(self._limits.body)}")


class _Decoder(Protocol):
    """One content coding, undone piece by piece."""

    produced: int  # bytes so far

    @property
    def complete(self) -> bool:
        """Whether the end of the stream was seen."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Inflate:
    """gzip with any number of members, or deflate with and without its zlib wrapper."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None
        self._members = 0
        self.produced = 0
        self.complete = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream is None:
                if self._members and not (self._gzip and data.startswith(b"\x1f\x8b")):
                    return  # padding behind the last member
                if self._members == _MEMBERS:
                    raise _Corrupt("too many members")
                self._stream = zlib.decompressobj(wbits=self._wbits(data))
                self._members += 1
                self.complete = False
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error as error:
                raise _Corrupt from error
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream, self.complete = None, True
            if piece:
                self.produced += len(piece)
                yield piece
            elif not self.complete and not data:
                return

    def _wbits(self, data: bytes) -> int:
        if self._gzip:
            return 16 + zlib.MAX_WBITS
        wrapped = data[0] & 0x0F == 8 and (len(data) < 2 or int.from_bytes(data[:2], "big") % 31 == 0)
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]  # ships no stubs

        self._stream = brotli.Decompressor()
        self._error = brotli.error
        self.produced = 0

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._stream.is_finished():
            try:
                piece = self._stream.process(data, output_buffer_limit=_PIECE)
            except self._error as error:
                raise _Corrupt from error
            data = b""
            if piece:
                self.produced += len(piece)
                yield piece
            elif self._stream.can_accept_more_data():
                return


class _Zstd:
    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd

        self._module = zstd
        self._stream = zstd.ZstdDecompressor()
        self._frames = 1
        self.produced = 0

    @property
    def complete(self) -> bool:
        return bool(self._stream.eof)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._stream.eof:
                if not data:
                    return
                if self._frames == _MEMBERS:
                    raise _Corrupt("too many frames")
                self._stream = self._module.ZstdDecompressor()
                self._frames += 1
            try:
                piece = self._stream.decompress(data, _PIECE)
            except self._module.ZstdError as error:
                raise _Corrupt from error
            data = self._stream.unused_data if self._stream.eof else b""
            if piece:
                self.produced += len(piece)
                yield piece
            elif not data and (self._stream.eof or self._stream.needs_input):
                return


def _pipe(encodings: Sequence[str], host: str) -> list[_Decoder]:
    """Decoders in the order in which the codings are undone, the last applied first."""
    names = [name.strip().lower() for value in encodings for name in value.split(",")]
    names = [name for name in names if name not in ("", "identity", "none")]
    if len(names) > _STACKED:
        raise TemporaryFetchError(f"{host} sends a body packed {len(names)} times", cause=Cause.BROKEN)
    pipe: list[_Decoder] = []
    for name in reversed(names):
        if name in ("gzip", "x-gzip"):
            pipe.append(_Inflate(gzip=True))
        elif name == "deflate":
            pipe.append(_Inflate(gzip=False))
        elif name == "br":
            pipe.append(_Brotli())
        elif name == "zstd":
            pipe.append(_Zstd())
        else:
            told = f"{host} sends the coding {name[:20]!r}, which was not asked for"
            raise TemporaryFetchError(told, cause=Cause.BROKEN)
    return pipe


def _decode(pipe: Sequence[_Decoder], data: bytes, meter: _Meter) -> Iterator[bytes]:
    """`data` through all decoders, each stage metered, never more than a piece in the air a stage."""
    if not pipe:
        yield data
        return
    for piece in pipe[0].feed(data):
        meter.decoded(pipe[0].produced)
        yield from _decode(pipe[1:], piece, meter)


def spelled(size: int) -> str:
    """A number of bytes in the largest unit that leaves it whole, as it may have been configured."""
    units = (("GiB", 1 << 30), ("GB", 10**9), ("MiB", 1 << 20), ("MB", 10**6), ("KiB", 1 << 10), ("kB", 1000))
    return next((f"{size // one} {unit}" for unit, one in units if size % one == 0), f"{size} bytes")
