"""What an outlet's headlines repeat: the name of a series, a form, a topic it has followed for days. Pure.

Such words say of which kind an article is, not of which event: "Latest on the war in …", "Traffic: lane closed on …".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from crawler.duplicates import tokens
from crawler.folds import Headline
from crawler.terms import words

RUN = 4  # words in a row that headlines share: a name or a form
RUNS = 2  # other headlines that share a run
OLD = timedelta(days=3)  # for so long an outlet may tell one event again and again
HELD = 3  # older headlines that hold a word


def repeated(title: str, at: datetime, outlet: str, others: Iterable[Headline]) -> frozenset[str]:
    """The words of a headline that its outlet's other headlines repeat, as `terms.words` gives them.

    Those of a run of four words that stands in two other ones which go on otherwise, and those that three
    headlines from three days before or longer hold.
    """
    own = [one for one in others if one.outlet == outlet and tokens(one.title) != tokens(title)]
    if len(own) < RUNS:
        return frozenset()
    old = Counter(word for one in own if at - one.at > OLD for word in set(words(one.title)))
    found = {word for word, number in old.items() if number >= HELD}
    shared = Counter(run for one in own for run in set(_runs(tokens(one.title))))
    for run in _runs(tokens(title)):
        if shared[run] >= RUNS:
            found.update(words(" ".join(run)))
    return frozenset(found)


def _runs(said: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(said[start:] for start in range(RUN)), strict=False)
