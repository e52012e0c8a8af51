"""What an outlet puts under all its articles is left out of them; what its stories share stays and is matched."""

from __future__ import annotations

from tests.acceptance.conftest import configure
from tests.acceptance.world import HOUR, NOON, World, desk, page

SITES = "The desk is kept by a foundation of twelve harbour towns and reports from each of them."
BACKGROUND = "The semiconductor roadmap was announced by the two countries in February of last year."
HARBOURS = [
    "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jetty", "knoll", "ledge",
]  # fmt: skip


async def test_the_words_of_the_outlet_go_and_the_background_stays(world: World) -> None:
    """Twelve articles of one host, four at a time: the same last paragraph in all, the background in three."""
    files = desk(world.mailbox.port, hook=world.press.hook, daily='at: "18:00", zone: UTC')
    world.press.feeds["times"] = []
    configure(world.folder / "config", sources=world.press.sources(), **files)
    async with world.running() as app:
        for number, slug in enumerate(HARBOURS):
            own = [
                f"The {slug} council met on day {number} and heard from {slug} pilots about the {part} quay of {slug}."
                for part in ("north", "south", "east", "west", "outer", "inner")
            ]
            background = [BACKGROUND] if number in (3, 7, 11) else []
            world.press.add("times", slug, NOON - HOUR, title=f"The {slug} council meets", text="Short.")
            world.press.pages[f"/{slug}"] = page(f"The {slug} council meets", *own, *background, SITES)
            if number % 4 == 3:
                await world.live(app, world.clock.time + HOUR)
        texts = {}
        for slug in HARBOURS:
            life = await app.stores.lookup.find(f"http://127.0.0.1:{world.press.port}/{slug}")
            assert life is not None
            texts[slug] = life.article.text, [match.initiative_id for match in life.matches]

    assert all(SITES in texts[slug][0] for slug in HARBOURS[:4])
    assert not any(SITES in texts[slug][0] for slug in HARBOURS[8:])
    assert all("inner quay" in text for text, _ in texts.values())
    assert {slug for slug, (text, _) in texts.items() if BACKGROUND in text} == {"delta", "haven", "ledge"}
    assert {slug for slug, (_, matched) in texts.items() if matched} == {"delta", "haven", "ledge"}
