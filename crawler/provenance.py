"""Who tells a story of their own in it, and who repeats whom. Pure.

An outlet is where readers find a telling; a report is what somebody found out. Of an agency's text there is one
report, in however many outlets it stands and whatever each has put in front of it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from crawler.attribution import agency_at, credit_of, host_of, plain_name
from crawler.canonical import canonical_url

__all__ = ["Provenance", "Report", "Told", "credit_of", "elsewhere", "outlets_of", "trace"]

_SHARED_ENDS = frozenset(  # below a country
    ("ac", "co", "com", "edu", "gob", "gouv", "gov", "gv", "mil", "ne", "net", "nic", "or", "org")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One telling of a story, as far as it says where it comes from."""

    id: str
    outlet: str  # as people call it
    source_id: str
    url: str
    at: datetime  # when it was told, as far as that can be believed
    credit: str | None = None  # see `credit_of`
    copy_of: str | None = None  # id of the earliest telling of which it is a near-copy; may be none of these
    elsewhere: str | None = None  # see `elsewhere`


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One independent report with everything that repeats it."""

    original: str  # id of the telling nearest to its author
    tellings: tuple[str, ...]  # ids: the original, then by time
    agency: str | None = None  # whose text it is
    at_source: bool = True  # the original is its author's own telling; False: that one is not among these


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the tellings of one story come from."""

    outlets: Mapping[str, str]  # id of each telling → name of its outlet
    reports: tuple[Report, ...]  # independent ones, by the time of their first telling
    told_first: str  # the agency or outlet of the first of them

    @property
    def repeats(self) -> frozenset[str]:
        """Ids of the tellings that repeat another one: no originals, and what stands for one that is not among these.

        Where an agency does not tell it itself, its earliest customer stands for it.
        """
        return frozenset(
            one
            for report in self.reports
            for one in report.tellings
            if one != report.original or (report.agency is None and not report.at_source)
        )

    def reports_of(self, ids: Iterable[str]) -> tuple[Report, ...]:
        """The reports to which any of these tellings belongs."""
        wanted = frozenset(ids)
        return tuple(report for report in self.reports if not wanted.isdisjoint(report.tellings))


def trace(tellings: Sequence[Told]) -> Provenance:
    """Sort the tellings of one story (at least one, ids differ) into independent reports.

    - What is credited to one agency is one report, also where nothing of its words is left; the agency's own
      telling is its original even when it was seen later.
    - A near-copy belongs to the report of its original. An original without a credit of which a copy names an
      agency is an early print of that agency's text, whoever says that he was first.
    - A page that names an address on another host as its own repeats what stands there.
    """
    in_order = sorted(tellings, key=lambda one: (one.at, one.id))
    named = outlets_of(in_order)
    roots = _roots(in_order)
    agencies = _agencies_of_roots(in_order, roots)
    groups: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in in_order:
        agency = one.credit or agencies.get(roots[one.id])
        groups[("agency", agency) if agency else ("text", roots[one.id])].append(one)
    reports = tuple(_report(*place, members) for place, members in groups.items())
    first = reports[0]
    return Provenance(outlets=named, reports=reports, told_first=first.agency or named[first.original])


def outlets_of(tellings: Sequence[Told]) -> dict[str, str]:
    """The name of the outlet of each telling, by its id; different outlets have different names.

    Sources with one host are one outlet, under the name of the first. A source that lists several sites, as aggregators
    do, is an outlet for each of them; all but the first go by their host.
    """
    names: dict[tuple[str, str], str] = {}
    taken: dict[str, tuple[str, str]] = {}
    found = {}
    for one in tellings:
        place = _place(one)
        if place not in names:
            name = one.outlet
            if taken.get(name, place) != place:
                same = taken[name]
                if _one_site(same[1], place[1]) or place[0] == same[0] == "source":
                    place = same
                else:
                    name = host_of(one.url) or one.source_id
            names.setdefault(place, name)
            taken.setdefault(name, place)
        found[one.id] = names[place]
    return found


def elsewhere(url: str, canonical: str) -> str | None:
    """The address that a page names as its own, when that is on another site than the page; else None."""
    two = host_of(canonical)
    if (
        host_of(url) == two
    ):  # as nearly all: an address that leads elsewhere names that one as its own, not its own host
        return None
    one = host_of(canonical_url(url))
    return None if not one or not two or _one_site(one, two) else canonical


# -- reports ---------------------------------------------------------------------------------------


def _roots(tellings: Sequence[Told]) -> dict[str, str]:
    """For each telling the end of the chain of copies: the id of a telling, or what is known of one not here."""
    here = {one.id: one for one in tellings}
    at: dict[str, str] = {}
    if any(one.elsewhere is not None for one in tellings):
        at = {canonical_url(one.url): one.id for one in reversed(tellings)}
    roots: dict[str, str] = {}
    for one in tellings:
        end, seen = one.id, {one.id}
        while (telling := here.get(end)) is not None and telling.credit is None:
            parent = telling.copy_of
            if parent is None and telling.elsewhere is not None:
                parent = at.get(telling.elsewhere, telling.elsewhere)
            if parent is None or parent in seen:
                break
            if parent in roots:
                end = roots[parent]
                break
            end = parent
            seen.add(parent)
        roots[one.id] = end
    return roots


def _agencies_of_roots(tellings: Sequence[Told], roots: Mapping[str, str]) -> dict[str, str]:
    """Whose text stands at the end of a chain: its own credit, else the one that most of its copies name."""
    here = {one.id: one for one in tellings}
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for one in tellings:
        if one.credit is not None and one.copy_of is not None:
            end = roots.get(one.copy_of, one.copy_of)
            named[end][one.credit] += 1
    found = {end: counted.most_common(1)[0][0] for end, counted in named.items()}
    return found | {end: here[end].credit or "" for end in roots.values() if end in here and here[end].credit}


def _report(kind: str, name: str, members: Sequence[Told]) -> Report:
    """The report of `members`, which are in the order of time."""
    if kind == "agency":
        own = [one for one in members if _is_own(one, name)]
        credited = [one for one in members if one.credit is not None]
        original, at_source = (own or credited or members)[0], bool(own)
    else:
        root = [one for one in members if one.id == name]
        original, at_source = (root or members)[0], bool(root)
    rest = (one.id for one in members if one.id != original.id)
    return Report(
        original=original.id,
        tellings=(original.id, *rest),
        agency=name if kind == "agency" else None,
        at_source=at_source,
    )


def _is_own(one: Told, agency: str) -> bool:
    """Whether an agency tells this itself."""
    names = {plain_name(one.outlet).casefold(), re.sub(r"[-_]+", " ", one.source_id).casefold()}
    return agency.casefold() in names or agency_at(one.url, one.source_id) == agency


# -- outlets ---------------------------------------------------------------------------------------


def _place(one: Told) -> tuple[str, str]:
    """What tells one outlet from another: its host; its source where the address has no name."""
    host = host_of(one.url)
    for start in ("m.", "mobile.", "amp."):
        host = host.removeprefix(start)
    return ("host", host) if "." in host and not _is_number(host) else ("source", one.source_id)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _one_site(one: str, two: str) -> bool:
    """Whether two hosts belong to one house, as far as their names tell."""
    if one == two or one.endswith(f".{two}") or two.endswith(f".{one}"):
        return True
    return not (_is_number(one) or _is_number(two)) and _house(one) == _house(two)


def _house(host: str) -> tuple[str, ...]:
    """The name under which a house registered, as far as it can be told without a list of all of them."""
    labels = host.split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED_ENDS
    return tuple(labels[-3:] if shared else labels[-2:])
