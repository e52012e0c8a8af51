"""What templates are told that they are given is what they are given: the code, the page and the templates agree."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from alerts import sample
from alerts.alert_document import alert_document
from alerts.document import document
from alerts.pages import BUNDLED
from alerts.sandbox.environment import Environment
from alerts.sandbox.names import Names
from alerts.template_check import ROOMS
from alerts.template_types import AlertDocument, DigestDocument, Story, Telling, Title, Updated, nouns

DOCS = Path(__file__).parents[2] / "docs"


def differences(shape: Any, given: Any, where: str) -> Iterator[str]:
    """Where `given` is not a value of `shape`."""
    if is_typeddict(shape):
        fields = get_type_hints(shape)
        if given == {} and where.endswith("last_days"):
            return  # not known: the page says so
        if not isinstance(given, dict) or set(given) != set(fields):
            yield f"{where}: {sorted(set(given) ^ set(fields))}"
            return
        for name, kind in fields.items():
            yield from differences(kind, given[name], f"{where}.{name}")
    elif get_origin(shape) is list:
        if not isinstance(given, list):
            yield f"{where}: {type(given).__name__}"
            return
        for one in given:
            yield from differences(get_args(shape)[0], one, f"{where}[]")
    elif type(given) is not shape:
        yield f"{where}: {type(given).__name__}"


def documents() -> list[tuple[Any, Any]]:
    digests = (sample.digest(), sample.digest(last_days=False), sample.empty())
    return [
        *(
            (DigestDocument, document(one, subject="A subject", room=room))
            for one in digests
            for room in ROOMS
        ),
        (DigestDocument, document(sample.digest(), subject="A subject", not_about=sample.not_about)),
        (AlertDocument, alert_document(sample.alert(), sample.NOW)),
        (AlertDocument, alert_document(sample.bare_alert(), sample.NOW)),
    ]


def test_templates_are_given_what_the_types_say() -> None:
    """Every key and every kind of value of a digest and an alert, with all there may be in them and with nothing."""
    found = [one for shape, given in documents() for one in differences(shape, given, shape.__name__)]

    assert found == []


def test_a_difference_would_be_noticed() -> None:
    """The test above is no formality."""
    given = document(sample.digest(), subject="A subject")
    story = given["sections"][0]["stories"][0]  # type: ignore[index]  # plain values
    story |= {"href": None, "new": 1}

    assert list(differences(Story, story, "story")) == ["story: ['new']"]
    del story["new"]
    assert list(differences(Story, story, "story")) == ["story.href: NoneType"]


def owner(shape: Any, name: str) -> str:
    """Of what a field is: also a story has a telling's fields, and an updated story a title's."""
    if name in get_type_hints(Telling) and has_a_tellings_fields(shape):
        return "Telling"
    return "Title" if shape is Updated and name in get_type_hints(Title) else str(shape.__name__)


def has_a_tellings_fields(shape: Any) -> bool:
    return get_type_hints(Telling).items() <= get_type_hints(shape).items()


def test_the_sample_has_everything_in_it() -> None:
    """So that templates are tried with it: each list has something in it, each text is said, each yes-or-no is both."""
    met: dict[str, set[bool]] = defaultdict(set)

    def meet(shape: Any, given: Any, where: str) -> None:
        if is_typeddict(shape):
            for name, kind in get_type_hints(shape).items() if given else ():
                meet(kind, given[name], f"{owner(shape, name)}.{name}")
        else:
            met[where].add(bool(given))
            if get_origin(shape) is list:
                for one in given:
                    meet(get_args(shape)[0], one, where + "[]")

    for shape, given in documents():
        meet(shape, given, "")

    never = {name for name, values in met.items() if True not in values}
    always = {name for name, values in met.items() if False not in values}
    yes_or_no = {
        f"{owner(shape, name)}.{name}"
        for shape in nouns()
        for name, kind in get_type_hints(shape).items()
        if kind is bool
    }
    seldom = {"Title.late", "Title.outlets_lost", "Updated.updates_lost", "Pointer.commitments", "Brief.note"}
    assert never <= seldom
    assert always & yes_or_no == set()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("digest.html.j2", DigestDocument),
        ("digest.txt.j2", DigestDocument),
        ("alert.html.j2", AlertDocument),
        ("alert.txt.j2", AlertDocument),
    ],
)
def test_the_bundled_templates_use_only_what_they_are_given(name: str, given: type) -> None:
    """In every branch, with what they take in."""
    names = Names(Environment([BUNDLED]))

    names.look(name, given)

    assert list(names.findings) == []
    assert name in names.seen


def test_the_page_of_templates_is_that_of_the_code() -> None:
    """docs/templates.md has every field; `python docs/draw_templates.py` draws it anew."""
    sys.path.insert(0, str(DOCS))
    try:
        import draw_templates
    finally:
        sys.path.pop(0)
    text = draw_templates.PAGE.read_text(encoding="utf-8")

    assert draw_templates.page(text) == text
    for shape in nouns():
        assert all(f"| `{name}` |" in text for name in get_type_hints(shape))
