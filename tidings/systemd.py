"""What systemd is told of the daemon: that it is ready, that it lives, that it reloads or stops.

Source: sd_notify(3). One datagram to the socket that NOTIFY_SOCKET names; without the variable nothing is sent.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from time import CLOCK_MONOTONIC, clock_gettime_ns


class Supervisor:
    """Speaks to the service manager that started us, if one did.

    The variables are taken out of the environment, so that children do not speak for us.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        usec, process = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        ours = not process or process == str(os.getpid())
        self.watchdog = int(usec) / 1_000_000 if usec.isdigit() and ours else None
        """Seconds within which a sign of life is wanted; None: no watchdog is set."""

    def ready(self, status: str) -> None:
        """The work has begun, or the new configuration is in force."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read anew; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={clock_gettime_ns(CLOCK_MONOTONIC) // 1000}")

    def lives(self) -> None:
        """A sign of life for the watchdog."""
        self._tell("WATCHDOG=1")

    def says(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def _tell(self, *lines: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.setblocking(False)
                manager.sendto("\n".join(" ".join(line.split()) for line in lines).encode(), address)
        except OSError:
            pass  # it listens no more, or not now; the next sign of life tries again
