"""Watchlists of 100, 1,000 and 10,000 names over wire stories, against what finds plain words in a text.

The peers only tell which words stand there. Tidings judges capitals, plurals, possessives, quotes and sentence
ends, and gives each hit with its offsets and the words around.
"""

from __future__ import annotations

import random
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence

import ahocorasick
import flashtext2
import hyperscan

from alerts.match import Matcher, subject
from alerts.records import Initiative, Term, Watchlist
from tests.benchmarks import data
from tests.benchmarks.race import race, show

NUMBERS = (100, 1_000, 10_000)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?: (?:of |and |for )?[A-Z][a-z]{2,}){1,2}\b")
_SLOW = 100  # texts for `re` alternation, which would take minutes


def bench() -> None:
    texts = data.texts(4_000)
    names = names_of(data.other_news())
    cost = {}
    for number in NUMBERS:
        cost[number] = _bench(names[:number], texts)
    print(f"\n10,000 terms cost {cost[10_000] / cost[1_000]:.1f}x of 1,000 (CPU)")
    _compile(names)


def names_of(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Names of two and three words that stand in other news than those that are searched, in a fixed disorder."""
    found = sorted({name for _, body in texts for name in _NAME.findall(body)})
    random.Random(7).shuffle(found)
    return found


def _bench(names: Sequence[str], texts: Sequence[tuple[str, str]]) -> float:
    size = sum(len(title) + len(body) for title, body in texts) / 1e6
    matcher = _matcher(names)
    articles = [subject(title=title, text=body) for title, body in texts]
    whole = [f"{title}\n{body}" for title, body in texts]

    def ours() -> int:
        return sum(len(matcher.judge(article).matches) for article in articles)

    peers: dict[str, Callable[[Sequence[str]], int]] = {
        "re as a trie": _finder(re.compile(rf"\b{_trie(names)}\b", re.IGNORECASE)),
        "pyahocorasick": _aho(names),
        "flashtext2": _flashtext(names),
        "bare hyperscan, letters only": _bare(names),
    }
    runs: dict[str, Callable[[], object]] = {"tidings, judged, with evidence": ours}
    for name, find in peers.items():
        runs[name] = lambda find=find: find(whole)
    print(
        f"\n{len(names):,} names: tidings {ours():,} matches; "
        + ", ".join(f"{n} {f(whole):,}" for n, f in peers.items())
    )
    results = race(runs, rounds=3)
    alternation = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    begun = time.process_time()
    _finder(alternation)(whole[:_SLOW])
    slow = (time.process_time() - begun) * sum(map(len, whole)) / sum(map(len, whole[:_SLOW]))
    show(
        f"Matching {len(names):,} names over {size:.1f} MB",
        results,
        base="tidings, judged, with evidence",
        unit="kB",
        amount=size * 1e3,
    )
    mine = results["tidings, judged, with evidence"].median
    print(
        f"  re alternation (by {_SLOW} texts): {size * 1e3 / slow:,.0f} kB/s; tidings {slow / mine:.0f}x of it"
    )
    return mine


def _matcher(names: Iterable[str]) -> Matcher:
    initiatives = tuple(
        Initiative(id=f"i{n}", name=name, watchlist_id="bench", any=(Term(text=name),))
        for n, name in enumerate(names)
    )
    return Matcher((Watchlist(id="bench", title="bench", initiatives=initiatives),))


def _finder(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], int]:
    return lambda texts: sum(len({found.lower() for found in pattern.findall(text)}) for text in texts)


def _trie(names: Iterable[str]) -> str:
    """An alternation whose common beginnings are written once."""
    root: dict[str, object] = {}
    for name in names:
        node = root
        for letter in name.lower():
            node = node.setdefault(letter, {})  # type: ignore[assignment]  # a tree of dictionaries
        node[""] = {}

    def written(node: dict[str, object]) -> str:
        parts = [re.escape(letter) + written(rest) for letter, rest in node.items() if letter]  # type: ignore[arg-type]  # as above
        inner = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})" if parts else ""
        return f"(?:{inner})?" if inner and "" in node else inner

    return written(root)


def _aho(names: Iterable[str]) -> Callable[[Sequence[str]], int]:
    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(name.lower(), name)
    automaton.make_automaton()

    def find(texts: Sequence[str]) -> int:
        found = 0
        for text in map(str.lower, texts):
            hits = set()
            for end, name in automaton.iter(text):
                start = end - len(name) + 1
                if not text[start - 1 : start].isalnum() and not text[end + 1 : end + 2].isalnum():
                    hits.add(name)
            found += len(hits)
        return found

    return find


def _flashtext(names: Iterable[str]) -> Callable[[Sequence[str]], int]:
    processor = flashtext2.KeywordProcessor(case_sensitive=False)
    for name in names:
        processor.add_keyword(name)
    return lambda texts: sum(len(set(processor.extract_keywords(text))) for text in texts)


def _bare(names: Sequence[str]) -> Callable[[Sequence[str]], int]:
    database = hyperscan.Database()
    database.compile(
        expressions=[name.lower().encode() for name in names],
        ids=list(range(len(names))),
        elements=len(names),
        flags=0,
        literal=True,
    )

    def find(texts: Sequence[str]) -> int:
        found = 0
        for text in texts:
            hits: set[int] = set()
            database.scan(text.lower().encode(), match_event_handler=lambda n, *_: hits.add(n))  # noqa: B023  # called at once
            found += len(hits)
        return found

    return find


def _compile(names: Sequence[str]) -> None:
    for number in NUMBERS:
        tracemalloc.start()
        begun = time.process_time()
        matcher = _matcher(names[:number])
        made = time.process_time() - begun
        matcher.judge(subject(title="A first article builds the automaton"))
        built = time.process_time() - begun - made
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"  {number:6,} rules: made ready in {made:.2f} s, automaton in {built:.2f} s, {held / 2**20:.1f} MiB of Python's"
        )
