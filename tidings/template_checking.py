"""What `check` says of the templates: those in config/templates, and those that digests name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidings.settings import Problem, Settings
from tidings.settings.document import Document, Items, Mapping, Scalar
from tidings.settings.load import SUFFIXES
from tidings.settings.models.faults import suggestion
from tidings.settings.yaml import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTemplates:
    """What was found."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    templates: int  # files of the user that were looked at


def check_templates(loaded: Settings) -> CheckedTemplates:
    """Everything that is wrong with the templates of an installation. The user's are rendered in a child process."""
    from alerts.template_check import check  # loads Jinja, which only this needs
    from alerts.template_files import for_digests, own_files

    folder = loaded.config_dir / "templates"
    found = check(folder, {one.template for one in loaded.digests})
    return CheckedTemplates(
        errors=(
            *_unknown(loaded.config_dir, for_digests(own_files(folder))),
            *(_problem(one.file, one.line, one.column, one.problem, one.remedy) for one in found.errors),
        ),
        warnings=tuple(
            _problem(one.file, one.line, one.column, one.problem, one.remedy) for one in found.warnings
        ),
        templates=found.templates,
    )


def _unknown(config_dir: Path, there: Sequence[str]) -> Iterator[Problem]:
    """Digests that name a template that there is not."""
    for document, index, name in _named(config_dir):
        if name not in there:
            problem = f"there is no template '{name}'"
            if name == "alert":
                problem = "the template 'alert' is for alerts, and knows nothing of digests"
            known = suggestion(name, there, what="templates")
            make = f"`tidings templates copy digest --as {name}` makes one"
            remedy = f"{known} {make}" if known.endswith("?") else f"{known}; {make}"
            yield document.problem(("digests", index, "template"), problem, remedy)


def _named(config_dir: Path) -> Iterator[tuple[Document, int, str]]:
    """Each `template:` of a digest, with its file and its place in the list."""
    for path in _files(config_dir):
        document = parse(path.read_bytes(), str(path))
        entry = document.root.entry("digests") if isinstance(document.root, Mapping) else None
        if entry is None:
            continue
        digests = entry[1].items if isinstance(entry[1], Items) else (entry[1],)
        for index, digest in enumerate(digests):
            template = digest.entry("template") if isinstance(digest, Mapping) else None
            if template is not None and isinstance(template[1], Scalar) and not template[1].is_null:
                yield document, index, template[1].value


def _files(config_dir: Path) -> Iterator[Path]:
    for folder, stem in ((config_dir, "digests"), (config_dir / "watchlists", None)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in SUFFIXES and not path.name.startswith(".") and stem in (None, path.stem):
                yield path


def _problem(file: str, line: int, column: int, problem: str, remedy: str) -> Problem:
    return Problem(file=file, line=line, column=column, problem=problem, remedy=remedy)
