"""Pictures of a message where no mail carries them: pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable

from alerts.messages import Picture


def standalone(html: str, pictures: Iterable[Picture]) -> str:
    """A page for files and browsers: its pictures stand in it, as `data:` addresses in place of `cid:`.

    Only a whole attribute `src="cid:NAME"` is replaced, so that no text of a page is taken for one.
    """
    data = {one.name: b64encode(one.png).decode("ascii") for one in pictures}

    def inside(found: re.Match[str]) -> str:
        name = found["name"]
        return f'src="data:image/png;base64,{data[name]}"' if name in data else found[0]

    return re.sub(r'(?<=\s)src="cid:(?P<name>[^"]+)"', inside, html)


def shown_in(html: str, name: str) -> bool:
    """Whether a page shows the picture."""
    return f'src="cid:{name}"' in html
