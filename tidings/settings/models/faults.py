"""How a value says that it is wrong: a problem and a remedy, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from pydantic_core import PydanticCustomError


def fault(
    problem: str, remedy: str, *, index: int = 0, at: tuple[str | int, ...] = ()
) -> PydanticCustomError:
    """An error to raise in a validator.

    Args:
        problem, remedy: for a person; no secrets.
        index: the character of the text at which it goes wrong.
        at: keys below the value that is validated, when the error belongs to one of them.
    """
    return PydanticCustomError(
        "tidings", "{problem}; {remedy}", {"problem": problem, "remedy": remedy, "index": index, "at": at}
    )


def suggestion(word: str, known: Iterable[str], *, what: str) -> str:
    """The remedy for an unknown word: the nearest known one, else some of those there are.

    Args:
        what: the plural of what is known, such as "channels".
    """
    names = sorted(known)
    meant = _nearest(word, tuple(names))
    if meant is not None:
        return f"did you mean '{meant}'?"
    if not names:
        return f"there are no {what} yet"
    listed = ", ".join(names[:16]) + (", …" if len(names) > 16 else "")
    return f"there are these {what}: {listed}"


@lru_cache(maxsize=1024)
def _nearest(word: str, names: tuple[str, ...]) -> str | None:
    near = get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    return next((name for name in names if near and name.lower() == near[0]), None)
