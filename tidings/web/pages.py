"""The few pages that readers see, as HTML without scripts, and the headers that go with them. Pure."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from tidings.web.links import Subscription

STYLE = """
body{margin:0;padding:48px 24px;background:#f4f2ed;color:#2a2f36;font:17px/1.5 Georgia,"Times New Roman",serif}
main{max-width:34em;margin:0 auto;padding:28px 32px;background:#fff;border-top:4px solid #14506b}
h1{margin:0 0 12px;font-size:26px;line-height:1.25}
p{margin:0 0 16px;overflow-wrap:anywhere}
button{padding:11px 22px;border:0;border-radius:3px;background:#14506b;color:#fff;font:inherit;cursor:pointer}
button:focus-visible{outline:3px solid #e0a100;outline-offset:2px}
@media (prefers-color-scheme:dark){body{background:#121416;color:#dcdad5}
main{background:#1b1e22;border-color:#3d7f9c}button{background:#86c5e0;color:#10181c}}
"""
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode("ascii")
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "tidings",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""
_FORM = """<p>Stop {name} for <b>{address}</b>?</p>
<form method="post"><input type="hidden" name="confirm" value="yes"><button>Unsubscribe</button></form>"""


def asked(one: Subscription) -> str:
    """The question, with the one button; it leads back to the page's own address."""
    form = _FORM.format(name=_named(one), address=_bidi(one.masked))
    return page("Unsubscribe", form)


def done(one: Subscription) -> str:
    """Said after the button, the first time and every time."""
    return page(
        "You are unsubscribed",
        f"<p>{_bidi(one.masked)} gets no more of {_named(one)}.</p>\n"
        "<p>If this was a mistake, ask the people who run this service: they can take it back.</p>",
    )


def told(title: str, words: str) -> str:
    """A page of one sentence."""
    return page(title, f"<p>{escape(words)}</p>")


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML."""
    return _PAGE.format(title=escape(title), style=STYLE, body=body)


def _named(one: Subscription) -> str:
    return ", ".join(map(_bidi, one.names))


def _bidi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"
