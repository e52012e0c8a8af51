"""`explain`: the life of one article, or where it stopped."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tidings.cli.options import Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, plain
from tidings.cli.reasons import reason


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("explain")(explain)


def explain(
    subject: Annotated[str, typer.Argument(metavar="URL|ID", help="An article, by its address or id.")],
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Tell the life of one article: seen where, folded into what, matched by what, sent to whom; or where it stopped."""
    from alerts.match import Matcher
    from tidings.opening import look_into

    loaded = settings(config, state)

    async def work() -> tuple[Any, bool]:
        async with look_into(loaded) as stores:
            life = await stores.lookup.find(subject)
            return life, life is None and await _is_story(stores, subject)

    life, is_story = run(work)
    if life is None and is_story:
        fail(f"{subject} is a story, not an article: tidings stories show {subject}")
    if life is None:
        fail(
            f"{subject} was never listed by a source of this installation, "
            "or only before its first poll and its archive were kept"
        )
    verdict = Matcher(loaded.watchlists, tags=loaded.tags).judge(life.article, explain=True)
    if as_json:
        json_line({"life": life, "folded": folded(life), "not": verdict.misses})
        return
    for line in _story(life, verdict):
        typer.echo(line)


async def _is_story(stores: Any, subject: str) -> bool:
    from tidings.storage.story_views import StoryProblem

    try:
        await stores.stories.show(subject)
    except StoryProblem:
        return False
    return True


def _review(article: Any) -> str:
    """What became of an article that came with a flood."""
    start = f"came with a flood of its source at {plain(article.held_since)}"
    if article.held_ended is None:
        command = f"tidings sources release {article.source_id} --as new"
        return f"{start}; held for review, told to nobody until `{command}`"
    end = "counts as known, never told" if article.backfilled else "released as new"
    return f"{start}; since {plain(article.held_ended)} {end}"


def how_matched(match: Any) -> list[str]:
    """By which watchlist, found how, and what became of it."""
    since = f", in force since {plain(match.watchlist_since)}" if match.watchlist_since else ""
    lines = (
        [f"by version {match.watchlist_version} of the watchlist{since}"] if match.watchlist_version else []
    )
    if match.found is not None:
        what = "your edit" if match.found.by == "edit" else "rematch"
        filed = "; filed, never told" if match.filed else ""
        lines.append(f"found in the archive by {what} of {plain(match.found.at)}{filed}")
    if match.told_at is not None:
        lines.append(f"told first at {plain(match.told_at)}")
    if match.gone_at is not None:
        lines.append(f"no longer matches since {plain(match.gone_at)}")
    return lines


def how_judged(life: Any, initiative: str) -> list[str]:
    """What people said of the match, and what follows from it."""
    said = next((one for one in life.judgements if one.initiative_id == initiative), None)
    lines = []
    if said is not None:
        what = "not to be about it" if said.verdict == "not-about" else "to be about it"
        by = {"mail": "by the link in a mail", "site": "on the site", "command": "by `tidings judge`"}
        terms = ", ".join(f"“{one}”" for one in said.terms)
        lines.append(
            f"judged {what} {by[said.way]} at {plain(said.at)}{terms and f', when {terms} had matched'}"
        )
    elif initiative in life.not_about:
        lines.append("an article with the same text was judged not to be about it")
    if initiative in life.not_about:
        lines.append(
            f"so it is not told under {initiative}: tidings judge {life.article.id} {initiative} --about"
        )
    return lines


def folded(life: Any) -> dict[str, Any] | None:
    """Into which story an article was folded and why, and whom it repeats; None: it waits for it."""
    from crawler.folds import founder_of

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


def how_folded(life: Any) -> list[str]:
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
    elif life.fold.duplicate_of is not None:
        lines.append(f"    a reprint of {life.fold.duplicate_of}, which is not kept in this story")
    if found["credit"] is not None:
        lines.append(f"    credited to {found['credit']}")
    if found["others"]:
        noun = "other article" if found["others"] == 1 else "other articles"
        lines.append(f"    with {found['others']} {noun}: tidings stories show {found['story']}")
    return lines


def how_changed(life: Any) -> list[str]:
    """What its versions say otherwise than the one before, and to whom that was told."""
    lines = [
        f"version {one.after} at {plain(one.at)} says otherwise than version {one.before}: {one.said}"
        for one in life.changes
    ]
    return lines + [
        f"told as updated to {channel} at {plain(at)}: {change.said}"
        for channel, at, change in life.told_changes
    ]


def _named(telling: Any) -> dict[str, Any] | None:
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


def _story(life: Any, verdict: Any) -> list[str]:
    from alerts.evidence import shown
    from tidings.page_story import in_post, page_story

    article = life.article
    lines = [
        article.title or "(no title)",
        f"  {article.url}",
        f"  id {article.id}, published {plain(article.published_at) or 'unknown'}",
    ]
    for seen in life.sightings:
        lines.append(f"  seen {plain(seen.seen_at)} in {seen.source_id}: {seen.url}")
    if article.held_since is not None:
        lines.append(f"  {_review(article)}")
    elif article.backfilled:
        lines.append("  older than `backfill` at the first poll of its source: known, never told")
    lines.append(f"  text: {article.text_state}, {len(article.text)} characters, version {article.version}")
    lines.append(f"  page: {page_story(life)}")
    lines += [f"  {line}" for line in how_changed(life)]
    lines += [f"  {line}" for line in how_folded(life)]
    posts_of = {version.version: version.posts for version in life.versions}
    for match in life.matches:
        filed = f", filed under {', '.join(match.commitments)}" if match.commitments else ""
        lines.append(f"  matched {match.initiative_id} at {plain(match.matched_at)}{filed}")
        lines += [f"      {line}" for line in (*how_matched(match), *how_judged(life, match.initiative_id))]
        for one in match.evidence:
            posts = posts_of.get(match.text_version, ()) if one.field == "text" else ()
            place = in_post(posts, one.start)
            lines.append(
                f"      {one.strength} {shown(one)!r} in {one.field}{place and f', {place}'}: {one.snippet}"
            )
    for miss in verdict.misses:
        lines.append(f"  not {miss.initiative_id}: {miss.stopped_at}")
    told = any(one.told_at is not None for one in life.matches)
    if not told:
        waits = [one for one in life.matches if not one.filed and one.gone_at is None]
        lines.append("  told to nobody yet" if waits or not life.matches else "  told to nobody")
    for delivery in life.deliveries:
        when = plain(delivery.sent_at) or delivery.last_error or "waiting"
        what = "told" if delivery.message_key in life.told else "its story was told"
        lines.append(
            f"  {what} in {delivery.message_key} to {delivery.channel_id} {delivery.recipient}: {delivery.state}, {when}"
        )
    return lines
