"""Whether a user's templates work: looked through, then rendered with made-up news. Reads files, starts a child process."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts import sample
from alerts.alert_document import alert_document
from alerts.document import EVERYTHING, Room, document
from alerts.errors import TemplateFault
from alerts.pages import BUNDLED, Pages, Writer
from alerts.sandbox.environment import Environment
from alerts.sandbox.names import Names, taken_in
from alerts.sandbox.syntax import Finding, place
from alerts.template_files import ALERT, HTML, PAIRS, TEXT, own_files
from alerts.template_types import AlertDocument, DigestDocument

ROOMS = (EVERYTHING, Room(full=1, titles=2, briefs=3, details=1), Room(full=0, titles=0, briefs=0, details=0))
MISNAMED = (
    ".html",
    ".htm",
    ".txt",
    ".jinja",
    ".jinja2",
    ".j2",
)  # endings of files that were meant as templates
_UNWANTED = (
    (re.compile(r"<script\b", re.IGNORECASE), "mail programs drop scripts", "leave it out"),
    (
        re.compile(r"<(form|iframe|object|embed|link)\b", re.IGNORECASE),
        "mail programs drop this",
        "leave it out",
    ),
    (re.compile(r"\son[a-z]+\s*=", re.IGNORECASE), "mail programs drop handlers of events", "leave it out"),
    (
        re.compile(r"""(?:\bsrc\s*=\s*["']?|url\(\s*["']?)(?:https?:)?//""", re.IGNORECASE),
        "this is loaded from elsewhere: mail programs block it, and it tells others who reads",
        "leave it out; a link that is clicked is fine",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found."""

    errors: tuple[Finding, ...] = ()  # with any of these a template fails
    warnings: tuple[Finding, ...] = ()
    templates: int = 0  # files that were looked at


def check(folder: Path, wanted: Collection[str] = ()) -> Checked:
    """Everything that is wrong with the templates in `folder`; none where there is no such folder.

    Args:
        wanted: names of templates that digests name.
    """
    files = own_files(folder)
    if not files:
        return Checked()
    environment = Environment([folder, BUNDLED])
    names = Names(environment)
    errors: dict[Finding, None] = {}
    for base in _bases(environment, files, wanted):
        before = len(names.findings)
        parts = [f"{base}{ending}" for ending in (HTML, TEXT)]
        missing = [part for part in parts if not _there(environment, part)]
        for part in parts:
            if part not in missing:
                names.look(part, AlertDocument if base == ALERT else DigestDocument)
        if missing:
            errors[_lonely(folder, missing[0], files)] = None
        elif len(names.findings) == before and names.seen & set(files):
            errors |= dict.fromkeys(_rendered(folder, base))
    errors |= dict.fromkeys(_leading_out(folder, files))
    errors |= {one: None for one in names.findings if Path(one.file).is_relative_to(folder)}
    return Checked(
        errors=_in_order(errors),
        warnings=_in_order(_warnings(folder, files, names.seen)),
        templates=len(files),
    )


def _bases(environment: Environment, files: Collection[str], wanted: Collection[str]) -> list[str]:
    """Names of pairs: the bundled ones, those that digests name, and those that no other template takes in."""
    parts: set[str] = set()
    for name in files:
        parts |= taken_in(environment, name)
    own = {
        name.removesuffix(ending)
        for name in files
        for ending in (HTML, TEXT)
        if name.endswith(ending) and name not in parts
    }
    there = {one for one in wanted if f"{one}{HTML}" in files or f"{one}{TEXT}" in files}
    shared = parts | {one for base in PAIRS for one in taken_in(environment, f"{base}{HTML}")}
    return sorted({*PAIRS, *(own - {one.removesuffix(HTML) for one in shared}), *there})


def _there(environment: Environment, name: str) -> bool:
    return any((folder / name).is_file() for folder in environment.folders)


def _leading_out(folder: Path, files: Collection[str]) -> Iterator[Finding]:
    for name in files:
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            yield _at(
                folder / name, "it is a link that leads out of this folder", "put the file itself there"
            )


def _lonely(folder: Path, missing: str, files: Collection[str]) -> Finding:
    other = missing.removesuffix(HTML) + TEXT if missing.endswith(HTML) else missing.removesuffix(TEXT) + HTML
    kind = "an HTML part" if missing.endswith(HTML) else "a text part"
    problem = f"there is no {missing} beside it, and a mail needs {kind} too"
    return _at(folder / other, problem, "write it, or copy it from a bundled one")


def _rendered(folder: Path, base: str) -> Iterator[Finding]:
    """What goes wrong with made-up news: all of it, little room for it, and a day without any."""
    with Pages(folder).opened() as writer:
        for ending in (HTML, TEXT):
            for data in _documents(base):
                try:
                    written = _written(writer, f"{base}{ending}", data)
                except TemplateFault as fault:
                    yield _located(fault, folder / f"{base}{ending}")
                    break
                if not re.sub(r"<[^>]*>", "", written).strip():
                    yield _at(folder / f"{base}{ending}", "it writes nothing", "let it write something")
                    break


def _documents(base: str) -> Iterator[Mapping[str, object]]:
    if base == ALERT:
        yield alert_document(sample.alert(), sample.NOW)
        yield alert_document(sample.bare_alert(), sample.NOW)
        return
    for digest in (sample.digest(), sample.digest(last_days=False), sample.empty()):
        for room in ROOMS:
            yield document(digest, subject="A subject", room=room)
    yield document(sample.digest(), subject="A subject", not_about=sample.not_about)


def _written(writer: Writer, name: str, data: Mapping[str, object]) -> str:
    return writer.html(name, data) if name.endswith(HTML) else writer.text(name, data)


def _located(fault: TemplateFault, whole: Path) -> Finding:
    """The fault with a column, where the word that it is about can be found."""
    path = Path(fault.file) if fault.file else whole
    said = re.search(r"'(\w+)' is undefined|no attribute '(\w+)'", fault.problem)
    word = next(filter(None, said.groups()), "") if said else ""
    line, column = 1, 1
    if fault.line and path.is_file():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        line, column = place(lines, fault.line, word)
    remedy = fault.remedy or "correct the template"
    return Finding(file=str(path), line=line, column=column, problem=fault.problem, remedy=remedy)


def _warnings(folder: Path, files: Collection[str], seen: Collection[str]) -> Iterator[Finding]:
    for name in files:
        if name not in seen:
            remedy = f"name a digest's templates NAME{HTML} and NAME{TEXT}, or take it in with `include`"
            yield _at(folder / name, "no template takes it in, and no message is made of it", remedy)
        if not name.endswith(TEXT):
            yield from _unwanted(folder / name)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        meant = path.is_file() and name not in files and name not in seen and path.name.endswith(MISNAMED)
        if meant and not path.name.lower().startswith(("readme", ".")):
            yield _at(path, "it is never read", f"names of templates end with {HTML} or {TEXT}")


def _unwanted(path: Path) -> Iterator[Finding]:
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, problem, remedy in _UNWANTED:
            found = pattern.search(line)
            if found is not None:
                column = found.start() + 1 + len(found[0]) - len(found[0].lstrip())
                yield Finding(file=str(path), line=number, column=column, problem=problem, remedy=remedy)


def _at(path: Path, problem: str, remedy: str) -> Finding:
    return Finding(file=str(path), line=1, column=1, problem=problem, remedy=remedy)


def _in_order(found: Collection[Finding] | Iterator[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.column)))
