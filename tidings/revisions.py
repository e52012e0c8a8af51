"""Watchlists as they stood at a revision of the configuration folder, asked of git.

Only what reads objects is run: no hook, no filter, no pager, no network, and no word of the user's is taken for
an option.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from crawler.child_environment import for_child
from tidings.settings.load import SUFFIXES

PATIENCE = 30  # seconds for one answer of git
_REGULAR = ("100644", "100755")  # modes of files that are no links
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


class NoRevision(Exception):
    """There is no such revision, or no git to ask; the message says what to do."""


def watchlists_at(revision: str, folder: Path) -> dict[str, bytes]:
    """The watchlists that `folder` held at `revision`, by file name; none where it was not there.

    Raises:
        NoRevision: git is missing, the folder is in no repository, or it knows no such revision.
    """
    if revision.startswith("-") or not revision.strip():
        raise NoRevision(f"{revision!r} is no revision; name a commit, a branch or a tag, or a file")
    git = shutil.which("git")
    if git is None:
        raise NoRevision(
            f"there is no file {revision!r}, and git is not installed, which would know it as a revision; "
            "name a file"
        )
    if not folder.is_dir():
        raise NoRevision(f"there is no folder {folder} whose revisions git could know; name a file")
    _ask(git, folder, "rev-parse", "--git-dir", fault=f"git cannot read the history of {folder}")
    commit = _ask(
        git,
        folder,
        *("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"),
        fault=f"there is no file {revision!r}, and git knows no such revision; try `git log -- {folder}`",
    )
    name = commit.decode("ascii").strip()
    listed = _ask(git, folder, "ls-tree", "-z", name, fault=f"git cannot list {revision!r}")
    return {
        path: _ask(git, folder, "cat-file", "blob", blob, fault=f"git cannot show {path} of {revision!r}")
        for path, blob in _watchlists(listed)
    }


def _watchlists(listed: bytes) -> list[tuple[str, str]]:
    """Names and objects of the watchlists in what `ls-tree -z` says of a folder."""
    found = []
    for line in filter(None, listed.split(b"\0")):
        about, _, name = line.partition(b"\t")
        mode, _, blob = about.decode("ascii").split(" ")
        path = os.fsdecode(name)
        if mode in _REGULAR and path.endswith(SUFFIXES) and not path.startswith("."):
            found.append((path, blob))
    return found


def _ask(git: str, folder: Path, *words: str, fault: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # a list of arguments and no shell; the one word of the user's is no option
            [git, "-c", "protocol.allow=never", *words],
            cwd=folder,
            env={**for_child("XDG_CONFIG_HOME"), **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoRevision(f"{fault} ({error})") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoRevision(f"{fault} ({said[0].removeprefix('fatal: ')})" if said else fault)
    return done.stdout
