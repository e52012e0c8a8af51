"""The life of an article in lines for people, for `explain` and the site. Pure."""

from __future__ import annotations

from typing import Any

from alerts.judgements import Verdict, Way
from alerts.records import Match, Telling
from alerts.safe import one_line
from crawler.folds import founder_of
from crawler.records import Article
from tidings.reasons import reason
from tidings.stamps import stamp
from tidings.storage.lookup import Life

_WAYS = {
    Way.MAIL: "by the link in a mail",
    Way.SITE: "on the site",
    Way.COMMAND: "by `tidings judge`",
}


def review(article: Article) -> str:
    """What became of an article that came with a flood."""
    start = f"came with a flood of its source at {stamp(article.held_since)}"
    if article.held_ended is None:
        command = f"tidings sources release {article.source_id} --as new"
        return f"{start}; held for review, told to nobody until `{command}`"
    end = "counts as known, never told" if article.backfilled else "released as new"
    return f"{start}; since {stamp(article.held_ended)} {end}"


def how_matched(match: Match) -> list[str]:
    """By which watchlist, found how, and what became of it."""
    since = f", in force since {stamp(match.watchlist_since)}" if match.watchlist_since else ""
    lines = (
        [f"by version {match.watchlist_version} of the watchlist{since}"] if match.watchlist_version else []
    )
    if match.found is not None:
        what = "your edit" if match.found.by == "edit" else "rematch"
        filed = "; filed, never told" if match.filed else ""
        lines.append(f"found in the archive by {what} of {stamp(match.found.at)}{filed}")
    if match.told_at is not None:
        lines.append(f"told first at {stamp(match.told_at)}")
    if match.gone_at is not None:
        lines.append(f"no longer matches since {stamp(match.gone_at)}")
    return lines


def how_judged(life: Life, initiative: str) -> list[str]:
    """What people said of a match, and what follows from it."""
    said = next((one for one in life.judgements if one.initiative_id == initiative), None)
    lines = []
    if said is not None:
        what = "not to be about it" if said.verdict is Verdict.NOT_ABOUT else "to be about it"
        terms = ", ".join(f"“{one_line(one, 80)}”" for one in said.terms)
        when = f", when {terms} had matched" if terms else ""
        lines.append(f"judged {what} {_WAYS[said.way]} at {stamp(said.at)}{when}")
    elif initiative in life.not_about:
        lines.append("an article with the same text was judged not to be about it")
    if initiative in life.not_about:
        take_back = f"tidings judge {life.article.id} {initiative} --about"
        lines.append(f"so it is not told under {initiative}: {take_back}")
    return lines


def folded(life: Life) -> dict[str, Any] | None:
    """Into which story an article was folded and why, and whom it repeats; None: it waits for it."""
    fold = life.fold
    if fold is None:
        return None
    others = {one.article_id: one for one in life.story}
    founder = founder_of(fold.story_id)
    return {
        "story": fold.story_id,
        "why": fold.why,
        "similarity": fold.similarity,
        "credit": fold.credit,
        "began_it": founder == life.article.id,
        "began_by": _named(others.get(founder)),
        "reprint_of": None if fold.duplicate_of is None else _named(others.get(fold.duplicate_of)),
        "others": len(others),
    }


def how_folded(life: Life) -> list[str]:
    """The same in lines for people."""
    found = folded(life)
    if found is None:
        return ["not folded yet"]
    lines = [f"story {found['story']}"]
    if found["began_it"]:
        lines.append("    it began this story")
    elif found["began_by"] is not None:
        lines.append(f"    which began with {_in_words(found['began_by'])}")
    if found["why"] and not (found["began_it"] and found["why"] == "new"):
        lines.append(f"    folded into it because: {reason(found['why'], found['similarity'])}")
    if found["reprint_of"] is not None:
        lines.append(f"    a reprint of {_in_words(found['reprint_of'])}")
    elif life.fold is not None and life.fold.duplicate_of is not None:
        lines.append(f"    a reprint of {life.fold.duplicate_of}, which is not kept in this story")
    if found["credit"] is not None:
        lines.append(f"    credited to {found['credit']}")
    if found["others"]:
        noun = "other article" if found["others"] == 1 else "other articles"
        lines.append(f"    with {found['others']} {noun}: tidings stories show {found['story']}")
    return lines


def how_changed(life: Life) -> list[str]:
    """What its versions say otherwise than the one before, and to whom that was told."""
    lines = [
        f"version {one.after} at {stamp(one.at)} says otherwise than version {one.before}: {one.said}"
        for one in life.changes
    ]
    return lines + [
        f"told as updated to {channel} at {stamp(at)}: {change.said}"
        for channel, at, change in life.told_changes
    ]


def _named(telling: Telling | None) -> dict[str, Any] | None:
    if telling is None:
        return None
    return {
        "id": telling.article_id,
        "title": telling.title,
        "source": telling.source,
        "url": telling.url,
    }


def _in_words(named: dict[str, Any]) -> str:
    return f"“{named['title'] or '(no title)'}” in {named['source']}: {named['url']}"
