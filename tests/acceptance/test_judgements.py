"""`tidings judge` and `tidings judgements`: what people say of matches, what is told then, and what it says of a rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_impact import DIGEST, HEAD, Desk
from tests.integration.storage.making import DAY, article
from tidings.app import notifier
from tidings.cli import app
from tidings.clock import SystemClock
from tidings.opening import open_stores

COMPACT = HEAD + (
    '  - id: compact\n    name: "COMPACT <b>&"\n    any:\n      - lithium\n      - compact\n'
    "  - {id: ports, any: [harbour]}\n"
)
TITLES = (
    "India and the U.S. review the compact",
    "A compact SUV for city roads",
    "This compact SUV wins a prize",
    "Lithium plant opens",
    "Nothing of interest",
)


class Judges(Desk):
    """A desk whose archive is matched."""

    def match(self) -> None:
        loaded = self.settings()

        async def work() -> None:
            async with open_stores(loaded) as stores:
                desk = notifier(loaded, stores, SystemClock())
                await desk.begin()
                await desk.match_new(99)

        asyncio.run(work())

    def do(self, *words: object) -> Done:
        env = {"TIDINGS_CONFIG": str(self.folder / "config"), "TIDINGS_STATE": str(self.folder / "state")}
        done = CliRunner().invoke(app, [*map(str, words)], env=env, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    def judge(self, number: int, *words: str, initiative: str = "compact") -> Done:
        return self.do("judge", article(number).id, initiative, *words)

    def said(self, *words: str) -> list[dict[str, Any]]:
        return self.do("judgements", "list", "--json", *words).rows()


def desk_of(folder: Path, rules: str, titles: Sequence[str]) -> Judges:
    found = Judges(folder)
    found.write(rules)
    found.fill(*titles)
    found.match()
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Judges:
    return desk_of(tmp_path, COMPACT, TITLES)


def test_a_match_is_judged_and_listed_and_explained(desk: Judges) -> None:
    done = desk.judge(2, "--not-about")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "A compact SUV for city roads: judged not to be about compact, and told no more under it",
        "  what follows from it: tidings judgements propose compact",
    ]
    (row,) = desk.said()
    assert (row["article_id"], row["initiative_id"]) == (article(2).id, "compact")
    assert (row["verdict"], row["way"], row["terms"]) == ("not-about", "command", ["compact"])
    assert row["match"]["title"] == TITLES[1]
    listed = desk.do("judgements", "list").out.splitlines()
    assert len(listed) == 2
    assert "not-about" in listed[1]
    assert TITLES[1] in listed[1]
    explained = desk.do("explain", article(2).id).out
    assert "judged not to be about it by `tidings judge` at" in explained
    assert "when “compact” had matched" in explained
    assert f"so it is not told under compact: tidings judge {article(2).id} compact --about" in explained
    life = desk.do("explain", article(2).id, "--json").rows()[0]["life"]
    assert life["not_about"] == ["compact"]
    assert [one["verdict"] for one in life["judgements"]] == ["not-about"]


def test_a_mistake_is_taken_back(desk: Judges) -> None:
    """By the other word, or as if nothing had been said."""
    desk.judge(2, "--not-about")
    assert desk.judge(2, "--about").out == "A compact SUV for city roads: judged to be about compact\n"
    assert [one["verdict"] for one in desk.said()] == ["about"]
    assert "so it is not told" not in desk.do("explain", article(2).id).out

    assert "nobody has said anything of it" in desk.judge(2, "--forget").out
    assert desk.said() == []
    assert desk.do("judgements", "list").out == "nobody has judged a match yet\n"


def test_an_article_is_named_by_its_address_too(desk: Judges) -> None:
    assert desk.do("judge", article(2).url, "compact", "--not-about").code == 0
    assert [one["article_id"] for one in desk.said("--initiative", "compact")] == [article(2).id]
    assert desk.said("--initiative", "ports") == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1", "compact"), 2, "say one of --not-about, --about and --forget"),
        (("1", "compact", "--about", "--not-about"), 2, "say one of"),
        (("1", "compakt", "--about"), 2, "there is no initiative 'compakt'; did you mean 'compact'?"),
        (("1", "ports", "--about"), 1, "does not match ports; `tidings explain"),
        (("9", "compact", "--about"), 1, "is not in the archive"),
        (("1", "compact", "--forget"), 1, "nobody has said anything of"),
    ],
)
def test_what_cannot_be_judged_is_said(desk: Judges, words: tuple[str, ...], code: int, said: str) -> None:
    number, *more = words
    done = desk.do("judge", article(int(number)).id, *more)

    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert desk.said() == []


def test_a_digest_leaves_it_out_and_says_so(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, COMPACT + DIGEST, TITLES)
    assert TITLES[1] in desk.do("digest", "preview", "daily", "--text").out

    desk.judge(2, "--not-about")

    told = desk.do("digest", "preview", "daily", "--text").out
    assert TITLES[1] not in told
    assert TITLES[2] in told
    note = "1 match is left out: judged not to be about COMPACT <b>&. `tidings judgements list` has it."
    assert note in " ".join(told.split())


# -- what it says of a rule ------------------------------------------------------------------------

CARS = (
    "India and the U.S. review the compact",
    "A compact SUV for city roads",
    "This compact SUV wins a prize",
    "Compact SUVs, and what they cost",
    "The compact SUV boom",
    "Lithium plant opens",
)
WRONG = (2, 3, 4)


@pytest.fixture
def cars(tmp_path: Path) -> Judges:
    """Three of four that were judged are about cars; one more that nobody judged is too."""
    desk = desk_of(tmp_path, COMPACT + DIGEST, CARS)
    for number in WRONG:
        desk.judge(number, "--not-about")
    desk.judge(1, "--about")
    return desk


def warned(desk: Judges) -> list[str]:
    """What `check` says of judgements."""
    done = desk.do("check")
    assert done.code == 0
    return [line for line in done.err.splitlines() if "judged" in line]


def test_check_warns_of_a_term_that_is_often_wrong_at_its_place(cars: Judges) -> None:
    assert warned(cars) == [
        f"{cars.watchlist}:8:9: warning: 3 of 4 judged matches of “compact” were not about it; 5 matched in all; "
        "`tidings judgements propose compact` says what to exclude"
    ]


def test_it_warns_no_more_when_the_rule_excludes_them(cars: Judges) -> None:
    """Before anything is matched anew: what is judged is matched by the rules that stand there."""
    cars.write((COMPACT + DIGEST).replace("    any:\n", "    except: [compact SUV]\n    any:\n", 1))

    assert warned(cars) == []


def test_it_warns_as_well_when_the_articles_are_gone(cars: Judges) -> None:
    """By the terms that had matched, as long as they stand in the rule."""
    loaded = cars.settings()

    async def purge() -> None:
        async with open_stores(loaded) as stores:
            later = SystemClock().now() + 9 * DAY
            await stores.retention.purge(later, unmatched=DAY, text=DAY, matched=DAY)

    asyncio.run(purge())

    assert "3 of 4 judged matches of “compact” were not about it" in warned(cars)[0]
    assert "(not kept any more)" in cars.do("judgements", "list").out
    cars.write((COMPACT + DIGEST).replace("      - compact\n", ""))
    assert warned(cars) == []


def test_an_exclusion_is_proposed_as_a_line_to_paste(cars: Judges) -> None:
    """With what it ends, and nothing is changed; pasted, it does what it says."""
    before = cars.watchlist.read_bytes()

    done = cars.do("judgements", "propose", "compact")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "# 3 of 4 judged matches of “compact” were not about it; 5 matched in all (too few to say more).",
        "# from 3 texts judged not to be about compact, 1 judged to be, 2 not judged",
        "# paste what fits into compact, then ask `tidings impact`",
        "# below `except:`",
        "- compact SUV  # ends 3 of 3 judged wrong, none of 1 judged right, 1 of 2 not judged",
        *(f"  #   ends: {CARS[number - 1]}" for number in WRONG),
        "  #   ends too, not judged: The compact SUV boom",
    ]
    assert cars.watchlist.read_bytes() == before
    pasted = "\n".join(f"      {line}" for line in done.out.splitlines())
    cars.write((COMPACT + DIGEST).replace("    any:\n", f"    except:\n{pasted}\n    any:\n", 1))
    assert cars.settings().initiatives["compact"].exceptions == ("compact SUV",)
    assert "# nothing to propose from 0 texts" in cars.do("judgements", "propose", "compact").out


def test_what_it_would_cost_is_measured_over_the_archive(cars: Judges) -> None:
    done = cars.do("judgements", "propose", "compact", "--impact")

    assert "With all of these lines:" in done.out
    assert "lost 4 articles" in done.out
    assert "− The compact SUV boom" in done.out
    (found,) = cars.do("judgements", "propose", "compact", "--impact", "--json").rows()
    (measured,) = (one for one in found["impact"]["initiatives"] if one["id"] == "compact")
    assert measured["articles"] == {"before": 6, "after": 2, "gained": 0, "lost": 4}
    (exclusion,) = found["exclusions"]
    assert (exclusion["place"], exclusion["text"], exclusion["yaml"]) == (
        "except",
        "compact SUV",
        "compact SUV",
    )
    assert (exclusion["frees"], exclusion["takes_right"], exclusion["takes_others"]) == (3, 0, 1)
    assert (found["wrong"], found["right"], found["others"]) == (3, 1, 2)


def test_nothing_is_proposed_from_what_says_nothing(desk: Judges) -> None:
    """One judgement, or none; an unknown initiative is named with those that there are."""
    assert desk.do("judgements", "propose", "compact").out.startswith("# nothing to propose from 0 texts")
    desk.judge(2, "--not-about")
    said = desk.do("judgements", "propose", "compact", "--impact").out.splitlines()
    assert (
        said[0]
        == "# The one judged match of “compact” was not about it; 3 matched in all (too few to say more)."
    )
    assert said[1].startswith("# nothing to propose from 1 text judged not to be about compact")
    assert said[2] == "#   stays: A compact SUV for city roads"
    assert desk.do("judgements", "propose", "compakt").code == 2
    desk.judge(1, "--not-about")
    said = desk.do("judgements", "propose", "compact").out.splitlines()
    assert said[2] == "# no phrase that they share ends them: give the term `near`, or write it longer"
