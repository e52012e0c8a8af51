"""Whole-word matching of many terms over wire stories, against `re` alternation and pyahocorasick."""

from __future__ import annotations

import re
from collections import Counter

import ahocorasick

from alerts.match import Matcher, subject
from alerts.records import Initiative, Term, Watchlist
from tests.benchmarks import data
from tests.benchmarks.race import race, show


def bench() -> None:
    texts = data.texts(2000)
    size = sum(len(title) + len(body) for title, body in texts) / 1e6
    words = Counter(word for _, body in texts for word in re.findall(r"[a-z]{5,}", body.lower()))
    for number in (100, 1000):
        ranked = [word for word, _ in words.most_common()][300:]  # the commonest are nobody's terms
        terms = ranked[:: len(ranked) // number][:number]
        _bench(terms, texts, size)


def _bench(terms: list[str], texts: list[tuple[str, str]], size: float) -> None:
    initiatives = tuple(
        Initiative(id=f"i{n}", name=term, watchlist_id="bench", any=(Term(text=term, plural=False),))
        for n, term in enumerate(terms)
    )
    matcher = Matcher((Watchlist(id="bench", title="bench", initiatives=initiatives),))
    articles = [subject(title=title, text=body) for title, body in texts]
    alternation = re.compile(r"\b(?:" + "|".join(map(re.escape, terms)) + r")\b", re.IGNORECASE)
    automaton = ahocorasick.Automaton()
    for term in terms:
        automaton.add_word(term, term)
    automaton.make_automaton()

    def ours() -> int:
        return sum(len(matcher.judge(article).matches) for article in articles)

    def plain_re() -> int:
        return sum(len(set(map(str.lower, alternation.findall(f"{t}\n{b}")))) for t, b in texts)

    def aho() -> int:
        found = 0
        for title, body in texts:
            text = f"{title}\n{body}".lower()
            hits = set()
            for end, term in automaton.iter(text):
                start = end - len(term) + 1
                if not text[start - 1 : start].isalnum() and not text[end + 1 : end + 2].isalnum():
                    hits.add(term)
            found += len(hits)
        return found

    print(f"\nhits: tidings {ours():,}, re {plain_re():,}, pyahocorasick {aho():,}")
    results = race(
        {"tidings, with evidence": ours, "re alternation": plain_re, "pyahocorasick": aho}, rounds=3
    )
    show(
        f"Matching {len(terms)} terms over {size:.1f} MB",
        results,
        base="re alternation",
        unit="kB",
        amount=size * 1e3,
    )
