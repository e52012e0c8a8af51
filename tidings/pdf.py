"""A page becomes a PDF: printed by the system's Chromium in a process of its own, without a network and with a throw-away profile."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.child_environment import for_child
from crawler.spiders.browser import NAMES, OFFLINE, executable

LIMIT = 90.0  # seconds for one page; a slow machine needs ten for a long one
_NOWHERE = "http://proxy.invalid:9"  # a name that RFC 6761 keeps from ever existing


class NoPdf(Exception):
    """A page could not be printed; the message says why and what to do."""


def lacking() -> str:
    """Why nothing can be printed on this machine, and what to do; "" where it can."""
    if executable() is not None:
        return ""
    return (
        f"no Chromium is installed; install it, or put a link to it on the PATH as one of {', '.join(NAMES)}"
    )


def print_page(html: str, *, limit: float = LIMIT) -> bytes:
    """The PDF of a page that loads nothing.

    Args:
        limit: seconds until it is given up.
    Raises:
        NoPdf: there is no Chromium, or it fails, or takes too long.
    """
    program = executable()
    if program is None:
        raise NoPdf(lacking())
    with TemporaryDirectory(prefix="tidings-pdf-", ignore_cleanup_errors=True) as folder:
        page, out = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8")
        words = [
            program,
            "--headless",
            f"--user-data-dir={Path(folder, 'profile')}",
            f"--proxy-server={_NOWHERE}",
            "--proxy-bypass-list=<-loopback>",
            *OFFLINE,
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium has none for root
            "--no-first-run",
            "--disable-extensions",
            "--disable-dev-shm-usage",
            "--no-pdf-header-footer",
            f"--print-to-pdf={out}",
            page.as_uri(),
        ]
        said = _run(words, folder, limit)
        if not out.is_file():
            raise NoPdf(f"Chromium makes no PDF: {said or 'it does not say why'}")
        return out.read_bytes()


def _run(words: list[str], home: str, limit: float) -> str:
    """What it complained of last; ended with all its processes when its time is over."""
    try:
        process = subprocess.Popen(  # noqa: S603  # of the system's browser, with words of our own
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**for_child(but=("HOME", "VIRTUAL_ENV")), "HOME": home},
            start_new_session=True,
        )
    except OSError as fault:
        raise NoPdf(f"Chromium does not start ({fault.strerror})") from fault
    with process:
        try:
            _, said = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise NoPdf(f"Chromium was not done after {limit:g} s") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else ""
