"""Whether what is published works where the repository is not: `python -m tests.package [FOLDER]`, or `make package`.

The sdist is made of the tree and the wheel of the sdist alone; the wheel is installed into an empty environment with
what `docs/deploy/runtime.lock` names, and used from an empty folder. FOLDER gets both files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build(kind: str, tree: Path, to: Path) -> Path:
    """The wheel or the sdist of a tree, without isolation and without the network."""
    before = set(to.glob("*"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", to],
        cwd=tree,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (made,) = set(to.glob("*")) - before
    return made


def unpack(sdist: Path, to: Path) -> Path:
    """The tree in an sdist."""
    with tarfile.open(sdist) as archive:
        archive.extractall(to, filter="data")
    (tree,) = to.iterdir()
    return tree


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        sdist = build("sdist", ROOT, work)
        tree = unpack(sdist, work / "unpacked")
        wheel = build("wheel", tree, work)
        for one in (sdist, wheel):
            shutil.copy(one, folder)
            print(f"{one.name}: {one.stat().st_size:,} bytes", flush=True)
        place = work / "environment"
        venv.create(place, with_pip=True)
        _install(place, "--require-hashes", "-r", tree / "docs" / "deploy" / "runtime.lock")
        _install(place, "--no-index", wheel)
        empty = work / "empty"
        empty.mkdir()
        for line in ("--version", "--help", "demo", "init", "check", "templates list", "status"):
            print(f"tidings {line}", flush=True)
            _use(place, empty, line.split())
        if not (place / "share" / "man" / "man1" / "tidings.1").is_file():
            raise SystemExit("the manual page is not in its place")
    print("the package works")
    return 0


def _install(place: Path, *what: str | Path) -> None:
    command = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", *what]
    subprocess.run(command, check=True)


def _use(place: Path, folder: Path, words: list[str]) -> None:
    """Run a command as somebody would who has nothing but the package."""
    environ = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [place / "bin" / "tidings", *words], cwd=folder, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(
            f"tidings {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
