"""The language that a text is written in, where that is certain. The only importer of py3langid."""

from __future__ import annotations

from functools import cache
from typing import Protocol

LETTERS = 200  # of a text; the language of less is a guess
CERTAIN = 0.95  # probability
_READ = 3_000  # signs that are looked at

# Languages that are taken for each other by their spelling: a text in one is not known not to be in the other.
_ALIKE = (
    {"no", "nb", "nn", "da"},
    {"bs", "hr", "sr", "sl", "mk", "bg"},
    {"id", "ms", "jv"},
    {"cs", "sk"},
    {"es", "gl", "pt", "ca", "an", "oc"},
    {"hi", "mr", "ne"},
    {"ru", "uk", "be", "bg", "mk", "sr"},
    {"nl", "af"},
    {"ur", "fa", "ar", "ps", "ug"},
    {"xh", "zu"},
)


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


def detected(text: str) -> str | None:
    """ISO 639-1 code of a text of 200 letters or more whose language has a probability of 0.95; else None."""
    piece = text[:_READ]
    if sum(map(str.isalpha, piece)) < LETTERS:
        return None
    code, probability = _identifier().classify(piece)
    return code if probability >= CERTAIN else None


def may_be(found: str, wanted: str) -> bool:
    """Whether a text that was taken for one language may be in another after all."""
    base = wanted.lower().replace("_", "-").partition("-")[0]
    return found == base or any(found in alike and base in alike for alike in _ALIKE)


@cache
def _identifier() -> _Identifier:
    """Loaded with the first text that it is asked for: it takes some 100 MiB while it loads."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return made
