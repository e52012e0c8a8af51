"""Whether two words are one: in another form, in another spelling, or mistyped. Pure."""

from __future__ import annotations

_ENGLISH = ("", "s", "es", "e", "ed", "d", "ing", "al", "ally", "ly")
_GERMAN = ("n", "en", "t", "te", "ten", "em", "et", "st")
_ROMANCE = (
    *("a", "o", "as", "os", "i", "io", "an", "aron", "ar", "ir", "ara", "ado", "ada", "ados", "adas"),
    *("ido", "ida", "idos", "idas", "ent", "ant", "ait", "ra", "re", "ee", "ees"),
)
_ENDINGS = frozenset((*_ENGLISH, *_GERMAN, *_ROMANCE))
_IN_Y = frozenset(("y", "ies", "ied"))  # with each other only: police is no policy
_DOUBLED = frozenset(f"{letter}{ending}" for letter in "bdglmnprt" for ending in ("ed", "ing"))
_PARTICLES = frozenset("은는이가을를의에도로과와") | {""}
# Who does it, and to whom it is done: accuser and accused, employer and employee.
_ROLES = frozenset(
    frozenset(pair) for pair in (("r", "d"), ("r", "e"), ("er", "ed"), ("er", "ee"), ("or", "ee"))
)
_VOWELS = frozenset("aeiouy")


def same_word(one: str, other: str) -> bool:
    """Whether two words, as `flat` writes them, are one: in another form, spelling, or mistyped."""
    if one == other:
        return True
    if one[:1] != other[:1]:
        return False
    short, long = sorted((one, other), key=len)
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(short))
    if one.isascii() and other.isascii():
        is_form = _is_form(short, long, shared, {one[shared:], other[shared:]})
        return is_form or _spelled(one) == _spelled(other) or _mistyped(one, other, shared)
    has_particle = shared >= 2 and {one[shared:], other[shared:]} <= _PARTICLES
    return has_particle or (shared >= 4 and shared >= 0.7 * len(long)) or _mistyped(one, other, shared)


def _is_form(short: str, long: str, shared: int, ends: set[str]) -> bool:
    """Whether words that begin with the same `shared` letters are forms of one."""
    if frozenset(ends) in _ROLES:
        return False
    if ends <= _IN_Y:
        return shared >= 3
    if ends <= _ENDINGS and shared >= max(3, len(short) - 2):
        return shared > 3 or len(short) == 3
    if len(short) == shared and ends - {""} <= _DOUBLED and long[shared] == short[-1]:
        return True
    return shared >= 6 and shared > 0.75 * len(long)


def _spelled(word: str) -> str:
    """A word as it is spelled in America, more or less."""
    word = word.replace("isa", "iza").replace("isi", "izi").replace("ise", "ize").replace("yse", "yze")
    word = word.replace("our", "or").replace("ogue", "og").replace("ll", "l").replace("ence", "ense")
    word = word.replace("ae", "a").replace("ue", "u").replace("oe", "o").replace("mme", "m")
    word = word.replace("grey", "gray")
    return word[:-2] + "er" if word.endswith("re") else word


def _mistyped(one: str, other: str, shared: int) -> bool:
    """Whether they differ by a slip inside a word of six letters or more.

    Two letters changed places, one is missing or twice there, or one vowel stands for another in a long word. A wrong
    first or last letter, or a wrong consonant, makes another word too often: hires and fires, Iran and Iraq.
    """
    short, long = sorted((one, other), key=len)
    if not 0 < shared < len(short) or len(long) < 6:
        return False
    if len(short) == len(long):
        swapped = one[shared : shared + 2] == other[shared : shared + 2][::-1]
        if swapped and one[shared + 2 :] == other[shared + 2 :]:
            return True
        is_vowel = one[shared] in _VOWELS and other[shared] in _VOWELS
        return (
            is_vowel and len(long) >= 8 and one[shared + 1 :] == other[shared + 1 :] and shared + 1 < len(one)
        )
    return len(long) - len(short) == 1 and long[shared + 1 :] == short[shared:]
