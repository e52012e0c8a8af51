"""Links by which a reader says that an article is not about an initiative: how they look, and which are ours. Pure."""

from __future__ import annotations

from urllib.parse import quote

from alerts.records import Initiative
from tidings.settings import Settings
from tidings.web.signing import SIGNATURE, Signer

PATH = "/not-about/"
ROUTE = rf"{PATH}{{article:[0-9a-f]{{16}}}}/{{initiative:[^/]+}}/{{signature:{SIGNATURE}}}"
_PURPOSE = "judge"


class JudgingLinks:
    """A link names an article and an initiative, and nobody; without its signature it is worth nothing."""

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._public = settings.web.public
        self._initiatives = settings.initiatives
        self._signer = signer

    def address(self, article_id: str, initiative_id: str) -> str:
        """Where a reader says so; "" where readers cannot reach this installation."""
        if self._public is None:
            return ""
        try:
            signature = self._signer.sign(_PURPOSE, article_id, initiative_id)
        except OSError:  # mails wait for the secret; what goes another way does without the link
            return ""
        return f"{self._public}{PATH}{article_id}/{quote(initiative_id, safe='')}/{signature}"

    def holds(self, article_id: str, initiative_id: str, signature: str) -> bool:
        """Whether a link is ours."""
        return self._signer.holds(signature, _PURPOSE, article_id, initiative_id)

    def initiative(self, initiative_id: str) -> Initiative | None:
        """None: it is not in the watchlists any more."""
        return self._initiatives.get(initiative_id)
