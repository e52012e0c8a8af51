"""Memory that threads free is free for all of them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

_ARENAS = """
import ctypes, sys, threading
from tidings.memory import keep_few_arenas
if "bound" in sys.argv:
    print(keep_few_arenas())
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
ready = threading.Barrier(13)
def work():
    libc.malloc(ctypes.c_size_t(100_000))
    ready.wait()
    ready.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for one in threads:
    one.start()
ready.wait()
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
ready.wait()
"""


def _run(*words: str, **environ: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", _ARENAS, *words],
        env=clean | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_twelve_threads_share_two_arenas() -> None:
    """The arena of the first thread is one of them; without the bound there are more."""
    assert _run("bound").count("<heap nr=") == 2
    assert _run().count("<heap nr=") > 2


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_what_the_operator_says_of_arenas_holds() -> None:
    """MALLOC_ARENA_MAX is the same setting, said by somebody who knows the machine."""
    said = _run("bound", MALLOC_ARENA_MAX="3")

    assert said.count("<heap nr=") == 3
    assert "False" in said
