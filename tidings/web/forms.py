"""The one small form that a page of readers sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

BODY_SECONDS = 10.0  # in which a form must be here


async def sent(request: web.Request) -> Mapping[str, Any]:
    """The fields of a form.

    Raises:
        HTTPRequestTimeout: it does not come.
        HTTPBadRequest: it is none.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, LookupError, RuntimeError):  # also of an unknown charset or encoding
        raise web.HTTPBadRequest from None
