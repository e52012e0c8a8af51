"""Bodies are decoded piece by piece and stop at the cap."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import TemporaryFetchError, TooLarge
from crawler.net.limits import FAIR, Limits, gunzip, read_body, spelled

TEXT = "".join(f"<item>Überschrift {number}</item>" for number in range(5000)).encode()
BOMB = bytes(64 * 1024 * 1024)
LIMITS = Limits(body=2 * 1024 * 1024)


async def _wire(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(data: bytes, *encodings: str, limits: Limits = LIMITS, cut: int | None = None) -> bytes:
    return await read_body(_wire(data), encodings=encodings, limits=limits, host="example.org", cut=cut)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": lambda data: bytes(brotli.compress(data, quality=4)),
    "zstd": zstd.compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("coding", PACKERS)
async def test_every_coding_that_is_advertised_is_undone(coding: str) -> None:
    assert await read(PACKERS[coding](TEXT), coding) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_is_dropped_at_the_cap(coding: str) -> None:
    """64 MiB of zeros in a few kB: what is held stays near the cap of 2 MiB."""
    packed = PACKERS[coding](BOMB)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge) as refused:
            await read(packed, coding)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith("example.org sends ")


async def test_a_body_beyond_the_ratio_is_dropped_before_the_cap() -> None:
    with pytest.raises(TooLarge, match="more than 100 times its size"):
        await read(gzip.compress(BOMB), "gzip", limits=Limits())


async def test_a_small_body_may_repeat_itself() -> None:
    """100 kB of spaces pack 1,000 to one and are harmless."""
    assert len(await read(gzip.compress(b" " * 100_000), "gzip")) == 100_000


async def test_codings_may_be_stacked_twice_but_not_further() -> None:
    twice = gzip.compress(gzip.compress(TEXT))

    assert await read(twice, "gzip, gzip") == TEXT
    assert await read(twice, "gzip", "gzip") == TEXT
    with pytest.raises(TooLarge):
        await read(gzip.compress(gzip.compress(BOMB)), "gzip", "gzip")
    with pytest.raises(TemporaryFetchError, match="packed 3 times"):
        await read(gzip.compress(twice), "gzip, gzip, gzip")


async def test_members_of_a_gzip_body_are_joined_and_padding_is_ignored() -> None:
    assert await read(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 3000, "gzip") == b"one two"


async def test_a_body_of_countless_members_is_refused() -> None:
    with pytest.raises(TemporaryFetchError, match="cannot be decompressed"):
        await read(gzip.compress(b"") * 2000, "gzip")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_is_cut_off_is_tried_again(coding: str) -> None:
    with pytest.raises(TemporaryFetchError, match="broke off"):
        await read(PACKERS[coding](TEXT)[:-30], coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_is_not_what_it_says_is_tried_again(coding: str) -> None:
    with pytest.raises(TemporaryFetchError, match="cannot be decompressed"):
        await read(b"<rss>plain text that was never packed</rss>" * 50, coding)


async def test_a_coding_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(TemporaryFetchError, match="'compress'"):
        await read(b"x", "compress")


async def test_an_endless_plain_body_is_dropped_at_the_cap() -> None:
    with pytest.raises(TooLarge, match="more than 2 MiB"):
        await read(bytes(3 * 1024 * 1024))


async def test_a_cut_keeps_the_beginning() -> None:
    assert await read(b"abcdef" * 1000, cut=10) == b"abcdefabcd"


async def test_an_empty_body_in_a_coding_is_empty() -> None:
    assert await read(b"", "gzip") == b""


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.booleans())
def test_any_bytes_end_in_a_body_or_a_typed_error(data: bytes, coding: str, keep_head: bool) -> None:
    """Whatever is sent under a coding, nothing but our own errors comes out."""
    if keep_head:
        data = PACKERS[coding](TEXT)[:20] + data
    with contextlib.suppress(TooLarge, TemporaryFetchError):
        asyncio.run(read(data, coding))


def test_a_body_that_is_a_gzip_file_is_opened_within_the_limits() -> None:
    assert gunzip(gzip.compress(TEXT), limits=LIMITS, host="example.org") == TEXT
    assert gunzip(TEXT, limits=LIMITS, host="example.org") == TEXT
    with pytest.raises(TooLarge):
        gunzip(gzip.compress(BOMB), limits=LIMITS, host="example.org")
    with pytest.raises(TemporaryFetchError):
        gunzip(gzip.compress(TEXT)[:-9], limits=LIMITS, host="example.org")


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (10 * 1024 * 1024, "10 MiB"),
        (20_000_000, "20 MB"),
        (64 * 1024, "64 KiB"),
        (500_000, "500 kB"),
        (1023, "1023 bytes"),
    ],
)
def test_a_limit_is_told_as_it_was_written(size: int, told: str) -> None:
    assert spelled(size) == told


async def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """While hundreds of hosts send as much as they may, the large bodies are put off, and small ones are read."""
    monkeypatch.setattr("crawler.net.limits.TOGETHER", 4 * FAIR)
    wait = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield bytes(FAIR // 4)
        await wait.wait()

    async def one(chunks: AsyncIterator[bytes]) -> bytes:
        return await read_body(chunks, encodings=(), limits=LIMITS, host="example.org")

    others = [asyncio.create_task(one(slowly())) for _ in range(2)]  # each has most of 2 MiB
    for _ in range(20):
        await asyncio.sleep(0)
    with pytest.raises(TemporaryFetchError, match="asked again later"):
        await one(_wire(bytes(FAIR + 10), size=FAIR // 2))
    assert await one(_wire(TEXT)) == TEXT

    wait.set()
    await asyncio.gather(*others)
    assert len(await one(_wire(bytes(2 * FAIR - 10), size=FAIR // 2))) == 2 * FAIR - 10
