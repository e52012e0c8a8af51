"""Fail-points: each stands at its one place in the code, and kills only whom the environment tells to die."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from crawler import failpoints
from crawler.failpoints import OF_COMMANDS, POINTS, Doom
from tests.unit.test_house import modules

KILLED = """
from crawler.failpoints import arm, reach
arm({"TIDINGS_FAILPOINT": "tx_begin:3"})
for number in range(9):
    reach("tx_commit")
    print(number, flush=True)
    reach("tx_begin")
"""


def named() -> Iterator[str]:
    """The name in each call of `reach` in files that take it from here."""
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if "from crawler.failpoints import" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{path}: a fail-point is named in words"
                yield str(name.value)


def test_each_fail_point_stands_at_one_place() -> None:
    """The list names all that are in the code, and no other; a second place would need a name of its own."""
    assert Counter(named()) == Counter([*POINTS, *OF_COMMANDS])


def test_each_fail_point_is_explained_in_a_sentence() -> None:
    """What is done by then, and what is not."""
    assert [
        name
        for name, sentence in {**POINTS, **OF_COMMANDS}.items()
        if not sentence.endswith(".") or len(sentence) > 110
    ] == []


@pytest.mark.parametrize(
    ("text", "doom"),
    [
        ("tx_begin:1", Doom("tx_begin", 1)),
        ("marked:20", Doom("marked", 20)),
        ("fold_insert", Doom("fold_insert", 1)),
    ],
)
def test_a_doom_is_a_name_and_a_number(text: str, doom: Doom) -> None:
    """Without a number it is the first time."""
    assert failpoints.read(text) == doom


@pytest.mark.parametrize(
    "text", ["tx_begin:0", "tx_begin:-1", "tx_begin:x", "tx_begin:1:2", "tx_begin: 1", "tx_begin:²"]
)
def test_a_number_that_is_none_is_refused(text: str) -> None:
    """The message says what to write."""
    with pytest.raises(ValueError, match="write tx_begin:1 or more"):
        failpoints.read(text)


def test_an_unknown_name_is_refused_at_the_start() -> None:
    """One line with the names that there are, before anything else is done."""
    env = {**os.environ, "TIDINGS_FAILPOINT": "tx_commmit:1"}
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "status"], env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "there is no fail-point 'tx_commmit'; write one of after_body, " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_process_dies_at_the_number_given() -> None:
    """By SIGKILL, so that nothing of it is cleaned up."""
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)

    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1", "2"]


def test_nobody_dies_without_being_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment says nothing, nobody watches."""
    monkeypatch.setattr(failpoints, "_watcher", None)

    failpoints.arm({"TIDINGS_STATE": "somewhere", "TIDINGS_FAILPOINT": ""})

    assert failpoints._watcher is None
    failpoints.reach("tx_begin")
