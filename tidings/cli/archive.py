"""`explain`: the life of one article, or where it stopped."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tidings.cli.options import Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, plain


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
    from tidings.life_words import folded

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


def _story(life: Any, verdict: Any) -> list[str]:
    from alerts.evidence import shown
    from tidings.life_words import how_changed, how_folded, how_judged, how_matched, review
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
        lines.append(f"  {review(article)}")
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
        held_back = {one.initiative_id for one in life.matches if one.filed or one.gone_at is not None}
        waits = {one.initiative_id for one in life.matches} - held_back - {*life.not_about}
        lines.append("  told to nobody yet" if waits or not life.matches else "  told to nobody")
    for delivery in life.deliveries:
        when = plain(delivery.sent_at) or delivery.last_error or "waiting"
        what = "told" if delivery.message_key in life.told else "its story was told"
        lines.append(
            f"  {what} in {delivery.message_key} to {delivery.channel_id} {delivery.recipient}: {delivery.state}, {when}"
        )
    return lines
