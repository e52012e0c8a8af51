"""The type of a text that must never be shown. Pure."""

from __future__ import annotations

from hmac import compare_digest
from typing import NoReturn


class Secret:
    """A text that must never be shown: it prints as `***`, cannot be pickled, and is read only through `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, form: str) -> str:
        return format("***", form)

    def __eq__(self, other: object) -> bool:
        """In a time that does not tell how much of it is right."""
        return isinstance(other, Secret) and compare_digest(other._bytes(), self._bytes())

    def _bytes(self) -> bytes:
        return self._value.encode("utf-8", "surrogatepass")  # of the environment it may be any bytes

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memory: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret goes into no other process or file by itself; hand over what it reveals")
