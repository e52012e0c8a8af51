"""Reports of one event in different words are one story; what only looks like them is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from crawler.folds import Centre, Constraints, Fold
from crawler.likeness import between, centre_of, joined, merged, to_story, vector
from crawler.records import Article
from crawler.shelf import fold_all
from crawler.stories import decide
from crawler.vocabulary import Vocabulary
from tests.fakes.clock import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

GAZETTE = """The Skarvik bridge over the Tolna fjord closed to lorries on Monday after inspectors found cracks in two
of its main girders. The roads agency said the span was safe for cars, but that vehicles above twelve tonnes must
take the ferry at Tolnes until the steel has been examined. Hauliers said the detour adds ninety minutes to the trip
to the port of Skarvik, which handles most of the region's salmon exports."""
HERALD = """Lorries have been banned from crossing the Tolna fjord by bridge. Cracks were discovered in girders of the
Skarvik crossing during a routine check, according to the roads agency, which is sending heavy traffic to the Tolnes
ferry. Salmon exporters fear that fish will reach the market a day late, and a hauliers' association asked for extra
departures of the ferry."""
RADIO = """Salmon exporters are counting the cost of cracked girders. With the Skarvik bridge closed to heavy vehicles,
queues at the Tolnes ferry stretched for two kilometres on Tuesday morning. The roads agency could not say when
lorries will cross the Tolna fjord again."""
ELECTION = """Voters in Ostvik chose a new council on Sunday. The centre list won eleven of twenty-one seats, and its leaders
promised lower fees for kindergartens and a swimming hall. Turnout was the highest for thirty years, said the
returning officer, who expects a recount in two wards."""
OTHER_BRIDGE = """A bridge in Havnes will be painted this summer. The town set aside money for scaffolding, and pedestrians will use
a footway upstream for six weeks. Shops on the quay hope that visitors still find them, and a choir plans concerts
under the arches when the work is done."""


def article(
    name: str, title: str, text: str = "", *, after: timedelta = timedelta(0), **more: object
) -> Article:
    url = f"https://{more.pop('host', name)}.example/{name}"
    facts = {"source_id": name, "url": url, "canonical_url": url, "first_seen_at": NOON + after}
    return Article(**{**facts, "id": name, "title": title, "text": text, **more})  # type: ignore[arg-type]


BRIDGE = (
    article("gazette", "Cracks close Skarvik bridge to lorries", GAZETTE),
    article("herald", "Heavy traffic barred from Tolna fjord crossing", HERALD, after=2 * HOUR),
    article("radio", "Fish lorries queue for hours at Tolnes", RADIO, after=DAY),
)


def stories(*articles: Article) -> dict[str, Fold]:
    return dict(fold_all(articles))


def test_reports_in_different_words_are_one_story() -> None:
    """Three authors, three headlines, no sentence in common; none repeats another."""
    found = stories(*BRIDGE)
    assert {fold.story_id for fold in found.values()} == {"sgazette"}
    assert {fold.duplicate_of for fold in found.values()} == {None}
    assert found["herald"].why.startswith("like its reports: ")
    assert "skarvik" in found["herald"].why
    assert 0.5 <= (found["herald"].similarity or 0) < 1


def test_another_event_is_another_story() -> None:
    found = stories(*BRIDGE, article("vote", "Centre list wins Ostvik council", ELECTION, after=3 * HOUR))
    assert found["vote"].story_id == "svote"


def test_another_event_of_the_same_kind_is_another_story() -> None:
    found = stories(*BRIDGE, article("paint", "Havnes bridge to be painted", OTHER_BRIDGE, after=3 * HOUR))
    assert found["paint"].story_id == "spaint"


def test_a_likeness_fades_with_time() -> None:
    """What was told long after the last report is about something that came after."""
    here = centre("s", *BRIDGE)
    about = vector(BRIDGE[1], WORDS)
    assert to_story(about, NOON + 10 * DAY, here) < 0.4 * to_story(about, NOON, here)
    late = replace(BRIDGE[1], first_seen_at=NOON + 15 * DAY, id="late", url="https://late.example/")
    assert stories(BRIDGE[0], late)["late"].story_id == "slate"


def test_headlines_alone_need_much_in_common() -> None:
    found = stories(
        article("a", "Cracks close Skarvik bridge to lorries"),
        article("b", "Skarvik bridge closed to lorries after cracks found", after=HOUR),
        article("c", "Lorries and ferries: what Skarvik did right", after=HOUR),
        article("d", "Bridge to nowhere", after=HOUR),
    )
    assert found["b"].story_id == "sa"
    assert found["c"].story_id == "sc"
    assert found["d"].story_id == "sd"


def test_a_planted_early_copy_does_not_hide_the_story() -> None:
    """Whoever posts the text first gets no more than its place in the story: each report stays in it, none is dropped."""
    planted = article("planted", "You will not believe this", GAZETTE, after=-HOUR)
    found = stories(planted, *BRIDGE)
    assert {found[one.id].story_id for one in BRIDGE} == {found["planted"].story_id}
    assert found["gazette"].duplicate_of == "planted"
    assert found["herald"].duplicate_of is None


def test_a_page_that_strings_texts_together_glues_no_stories() -> None:
    """An aggregator's page holds both events; each keeps a story of its own."""
    mixed = article(
        "mixed", "News of the day from the fjords", f"{GAZETTE}\n\n{ELECTION}\n\n{OTHER_BRIDGE}", after=HOUR
    )
    vote = article("vote", "Centre list wins Ostvik council", ELECTION, after=2 * HOUR)
    paint = article("paint", "Havnes bridge to be painted", OTHER_BRIDGE, after=3 * HOUR)
    found = stories(BRIDGE[0], mixed, vote, paint)
    assert len({found[one].story_id for one in ("gazette", "vote", "paint")}) == 3


def test_a_chain_of_changing_texts_ends() -> None:
    """Each text keeps three quarters of the one before; what the first was about is gone in the end."""
    words = GAZETTE.split() + ELECTION.split() + OTHER_BRIDGE.split()
    step, length = 12, 60
    chain = [
        article(f"c{n:02}", f"Link {n}", " ".join(words[n * step : n * step + length]), after=n * HOUR)
        for n in range((len(words) - length) // step)
    ]
    found = stories(*chain)
    assert found["c00"].story_id != found[chain[-1].id].story_id


@pytest.mark.parametrize("host", ["one", None])
def test_the_order_in_which_reports_come_matters_little(host: str | None) -> None:
    """Whichever comes first founds the story."""
    more = {} if host is None else {"url": "", "canonical_url": "", "source_id": host}
    for first in range(3):
        order = [replace(BRIDGE[(first + n) % 3], first_seen_at=NOON + n * HOUR, **more) for n in range(3)]
        assert {fold.story_id for fold in stories(*order).values()} == {f"s{order[0].id}"}


# -- joining ---------------------------------------------------------------------------------------

WORDS = Vocabulary()


def centre(name: str, *articles: Article, at: datetime = NOON) -> Centre:
    made = centre_of(name, vector(articles[0], WORDS), at)
    for one in articles[1:]:
        made = joined(made, vector(one, WORDS), at)
    return made


def test_a_report_that_shows_two_stories_to_be_one_joins_them() -> None:
    """The older one takes the younger."""
    one = centre("sgazette", BRIDGE[0], at=NOON - HOUR)
    two = centre("sherald", BRIDGE[1])
    fold = decide(BRIDGE[2], (), (two, one), vector(BRIDGE[2], WORDS))
    assert (fold.story_id, fold.joins) == ("sgazette", ("sherald",))


def test_what_the_operator_put_apart_stays_apart() -> None:
    about = vector(BRIDGE[2], WORDS)
    centres = (centre("sgazette", BRIDGE[0], at=NOON - HOUR), centre("sherald", BRIDGE[1]))
    apart = Constraints(apart=frozenset({("sgazette", "sherald")}))
    assert decide(BRIDGE[2], (), centres, about, apart).joins == ()
    alone = Constraints(apart=frozenset({("radio", "sgazette"), ("radio", "sherald")}))
    assert decide(BRIDGE[2], (), centres, about, alone).story_id == "sradio"
    put = Constraints(pins={"radio": "selsewhere"})
    assert decide(BRIDGE[2], (), centres, about, put).story_id == "selsewhere"


def test_the_mean_over_reports_counts_and_not_the_nearest() -> None:
    """One stray report does not open a story to its like."""
    vote = vector(article("vote", "Centre list wins Ostvik council", ELECTION), WORDS)
    pure, mixed = (
        centre("s", *BRIDGE[:2]),
        centre("s", *BRIDGE[:2], article("v", "Centre list wins", ELECTION)),
    )
    assert to_story(vote, NOON, pure) < to_story(vote, NOON, mixed)
    assert to_story(vote, NOON, mixed) < 0.5 * to_story(
        vote, NOON, centre("v", article("v", "Centre list wins", ELECTION))
    )


def test_two_centres_add_up() -> None:
    """Joining stories or their reports one by one is the same."""
    one, two = centre("a", *BRIDGE[:2]), centre("b", BRIDGE[2])
    both = merged(one, two)
    again = joined(one, vector(BRIDGE[2], WORDS), NOON)
    assert both.reports == again.reports == 3
    assert both.total == pytest.approx(again.total)
    assert between(one, two) == pytest.approx(to_story(vector(BRIDGE[2], WORDS), NOON, one))
