"""The guarded POST for webhooks."""

from __future__ import annotations

import asyncio

import pytest

from crawler.errors import ForbiddenAddress, TemporaryFetchError, TooLarge
from crawler.net.guard import AddressGuard
from crawler.net.limits import Limits
from crawler.net.post import MAX_ANSWER, post
from tests.fakes.net_site import Seen, Site, reply

GUARD = AddressGuard(["127.0.0.0/8"])


async def test_the_bytes_that_were_signed_are_the_bytes_that_are_sent() -> None:
    async with Site({"/hook": reply(202, b"thanks", x_id="1")}) as site:
        answer = await post(
            site.url("/hook"),
            b'{"a": 1}',
            {"Content-Type": "application/json", "webhook-id": "m1"},
            guard=GUARD,
        )

    assert (answer.status, answer.body, answer.header("X-Id")) == (202, b"thanks", "1")
    seen = site.seen[0]
    assert (seen.method, seen.body) == ("POST", b'{"a": 1}')
    assert seen.header("webhook-id") == "m1"
    assert seen.header("Content-Type") == "application/json"
    assert seen.header("User-Agent") is None


@pytest.mark.parametrize("status", [301, 307, 308, 410, 429, 500])
async def test_every_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    async with Site() as other, Site() as site:
        site.routes["/"] = reply(status, location=other.url(), retry_after="60")
        answer = await post(site.url(), b"x", {}, guard=GUARD)

    assert answer.status == status
    assert answer.header("retry-after") == "60"
    assert other.connections == 0


async def test_an_answer_without_end_is_cut() -> None:
    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with Site({"/": endless}) as site:
        answer = await post(site.url(), b"x", {}, guard=GUARD)

    assert (answer.status, len(answer.body)) == (200, MAX_ANSWER)


async def test_private_receivers_need_permission_and_secrets_stay_out_of_errors() -> None:
    async with Site() as site:
        with pytest.raises(ForbiddenAddress) as refused:
            await post(site.url("/T0KEN"), b"x", {}, guard=AddressGuard())
        assert site.connections == 0
    with pytest.raises(TemporaryFetchError, match="refused the connection") as away:
        await post(site.url("/T0KEN"), b"x", {}, guard=GUARD)

    assert "T0KEN" not in str(refused.value) + str(away.value)


async def test_headers_without_end_are_cut_off() -> None:
    async with Site({"/": reply(**{f"x_{n}": "y" * 900 for n in range(10)})}) as site:
        assert (await post(site.url(), b"x", {}, guard=GUARD)).status == 200
        with pytest.raises(TooLarge, match="headers of more than 8 KiB"):
            await post(site.url(), b"x", {}, guard=GUARD, limits=Limits(headers=8 * 1024))


async def test_a_receiver_that_never_answers_is_tried_again_later() -> None:
    async def silent(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with Site({"/": silent}) as site:
        with pytest.raises(TemporaryFetchError, match=r"within 0\.2 s"):
            await post(site.url(), b"x", {}, guard=GUARD, timeout=0.2)
