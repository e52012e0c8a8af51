"""Random articles and watchlists in six scripts, of one small vocabulary each, so that hits are frequent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

from alerts.records import DEFAULT_FIELDS, Case, Commitment, Field, Initiative, Term, Watchlist
from crawler.records import Article
from tests.plain.vocabulary import ENDS, JOINTS, ORDINARY, PATTERNS, QUOTES, SCRIPTS, SPACES, TAILS

DAYS = tuple(date(2025, 1, 30) + timedelta(days=n) for n in (-20, -1, 0, 1, 20))
TAGS = {"times": ("india-press", "press"), "gazette": ("us-government",)}


class Maker:
    """Makes one case after another of a source of chance; the same chance makes the same case."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._asked: list[str] = []  # words and phrases of the rules made so far, to be planted in articles
        self._pairs: list[tuple[str, str, int]] = []  # those that are asked to stand near each other
        scripts = ["latin"] if self._odds(0.4) else chance.sample(list(SCRIPTS), chance.choice((1, 2, 2, 3)))
        words = [word for script in scripts for word in SCRIPTS[script]]
        self.words: Sequence[str] = chance.sample(words, min(len(words), chance.randint(4, 10)))
        if "latin" in scripts and self._odds(0.7):  # names that are ordinary words, and their context
            names = chance.sample(ORDINARY, 2)
            self.words = [
                *self.words[:5],
                *names,
                f"{names[0]} initiative",
                f"{names[1]} {names[0]}",
                "India",
            ]

    def _odds(self, of: float) -> bool:
        return self._chance.randrange(100) < 100 * of

    def _one(self, *makers: Callable[[], str]) -> str:
        return self._chance.choice(makers)()

    def word(self) -> str:
        return self._chance.choice(self.words)

    def asked(self) -> str:
        """A word of a rule."""
        self._asked.append(self.word())
        return self._asked[-1]

    # -- articles ----------------------------------------------------------------------------------

    def article(self) -> Article:
        """One article; its times, language and source are known or not."""
        chance = self._chance
        seen = datetime(2025, 1, 30, 12, tzinfo=UTC) + timedelta(days=chance.choice((-1, 0, 1)))
        headline = bool(set(ORDINARY) & set(self.words)) and self._odds(0.25)
        title = self.headline() if headline else self.title()
        url = "https://www.example.org/" + "-".join(self.plain() for _ in range(chance.randint(0, 3)))
        return Article(
            id="0" * 16,
            source_id=chance.choice(("times", "gazette", "times", "", "TRUST-wire")),
            url=url,
            canonical_url=url,
            title=title,
            summary=self.text(1) if self._odds(0.4) else "",
            text=self.body() if headline else self.text(chance.choice((0, 1, 2, 3))),
            authors=tuple(self.run(2) for _ in range(chance.choice((0, 1, 1, 2)))),
            published_at=None if self._odds(0.3) else datetime.combine(chance.choice(DAYS), seen.timetz()),
            first_seen_at=seen,
            language=chance.choice((None, None, "en", "en-IN", "hi", "ZH_tw")),
        )

    def plain(self) -> str:
        """A word that can stand in an address."""
        return "".join(char for char in self.word().lower() if char.isalnum() or not char.isascii())

    def title(self) -> str:
        title = self.sentence(self._chance.randint(0, 6))
        return title.upper() if self._odds(0.35) else title

    def headline(self) -> str:
        """A title in capitals, or in title case, of ordinary names and what may stand beside them."""
        words = [self.piece() for _ in range(2)] + [word for word in self.words if word in ORDINARY][:1]
        self._chance.shuffle(words)
        return self._chance.choice((str.upper, str.upper, str.title))(" ".join(words))

    def body(self) -> str:
        """A text that has an ordinary name in small letters, with a capital, or in capitals."""
        name = self._chance.choice([word for word in self.words if word in ORDINARY])
        forms = (name.lower(), f"the {name.lower()} zz", name.title(), f"zz {name.title()}", f"{name} zz", "")
        parts = [
            self._chance.choice((*forms, self.piece(), f"zz {self.piece().title()}"))
            for _ in range(self._chance.randint(1, 4))
        ]
        return ". ".join(parts)

    def text(self, most: int) -> str:
        """Sentences with their ends, some in capitals, some behind many words of no meaning."""
        parts = ["zz " * self._chance.choice((57, 58, 59, 60))] if self._odds(0.15) else []
        for _ in range(most):
            for _ in range(self._chance.randint(1, 3)):
                sentence = self.sentence(self._chance.randint(1, 6))
                if self._odds(0.2):
                    sentence = self._chance.choice((sentence.upper(), sentence.title(), sentence.lower()))
                parts.append(sentence + self._chance.choice(ENDS))
        return "".join(parts)

    def sentence(self, length: int) -> str:
        return self.joined([self.piece() for _ in range(length)], 0.8)

    def joined(self, parts: Sequence[str], spaced: float) -> str:
        """Parts with white space between, or now and then with another sign."""
        written = ""
        for part in parts:
            joint = self._chance.choice(SPACES if self._odds(spaced) else JOINTS) if written else ""
            written += joint + part
        return written

    def piece(self) -> str:
        """A word, a phrase that a rule asks for, or two that are asked to stand near each other."""
        roll = self._chance.randrange(100)
        if roll < 45 or not self._asked:
            return self.written(self.word())
        if roll < 80 or not self._pairs:
            return self.planted(self._chance.choice(self._asked))
        one, other, most = self._chance.choice(self._pairs)
        between = " zz" * max(0, most + self._chance.choice((-1, 0, 0, 1, 1)))
        if self._odds(0.3):
            one, other = other, one
        return f"{self.planted(one)}{between} {self.planted(other)}"

    def planted(self, phrase: str) -> str:
        """A phrase of a rule with its words as an outlet may write them; its own signs are kept or changed."""
        words = re.split(r"([ –—,/’-]+)", phrase)
        if self._odds(0.5):
            return "".join(
                self.written(part) if part.isalnum() and self._odds(0.4) else part for part in words
            )
        return self.joined([self.written(part) if self._odds(0.3) else part for part in words[::2]], 0.6)

    def run(self, most: int) -> str:
        return " ".join(self.written(self.word()) for _ in range(most))

    def written(self, word: str) -> str:
        """A word as an outlet may write it."""
        chance = self._chance
        roll = chance.randrange(100) / 100
        if roll < 0.15:
            word = chance.choice(
                (word.upper(), word.capitalize(), word.lower(), word.title(), word.swapcase())
            )
        elif roll < 0.30:
            word += chance.choice(TAILS)
        elif roll < 0.36:
            word = chance.choice(QUOTES).format(word)
        elif roll < 0.42:
            place = chance.randint(0, len(word))
            word = word[:place] + chance.choice("\u00ad\u200b\u2060\ufeff\u200d") + word[place:]
        elif roll < 0.47:
            word = unicodedata.normalize(chance.choice(("NFD", "NFKD", "NFC")), word)
        elif roll < 0.50:
            word = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)
        elif roll < 0.52:
            word = word.replace("fi", "ﬁ").replace("ff", "ﬀ").replace("st", "ﬆ").replace("US", "U.S.")
        return word

    # -- rules -------------------------------------------------------------------------------------

    def watchlist(self) -> Watchlist:
        """One to three initiatives."""
        return Watchlist(
            id="w",
            title="W",
            context=("India",) if "India" in self.words and self._odds(0.6) else self.asides(0.7),
            initiatives=tuple(self.initiative(f"i{number}") for number in range(self._chance.randint(1, 3))),
        )

    def crowd(self) -> Watchlist:
        """Nothing, or an initiative of many phrases of the same words, which may change how others are found."""
        size = self._chance.choice((0, 0, 0, 12, 40))
        phrases = {
            " ".join(self.word() for _ in range(self._chance.choice((1, 2, 2, 3)))) for _ in range(size)
        }
        terms = tuple(Term(text=phrase, literal=True) for phrase in sorted(phrases))
        crowd = Initiative(id="crowd", name="crowd", watchlist_id="crowd", any=terms)
        return Watchlist(id="crowd", title="C", initiatives=(crowd,) if terms else ())

    def initiative(self, name: str) -> Initiative:
        chance = self._chance
        some = tuple(chance.sample(list(Field), chance.randint(1, 4)))
        return Initiative(
            id=name,
            name=name,
            watchlist_id="w",
            any=self.terms(chance.choice((0, 1, 1, 2, 3))),
            all=self.terms(chance.choice((0, 0, 0, 0, 1, 1, 2))),
            none=self.denials(),
            exceptions=self.asides(0.2),
            context=None if self._odds(0.7) else self.asides(0.6),
            languages=() if self._odds(0.85) else chance.choice((("en",), ("hi", "zh"))),
            sources=() if self._odds(0.85) else chance.choice((("times",), ("us-government", "press"))),
            commitments=()
            if self._odds(0.8)
            else tuple(
                Commitment(id=f"c{n}", text="", any=self.terms(chance.randint(1, 2)))
                for n in range(chance.randint(1, 2))
            ),
            fields=DEFAULT_FIELDS if self._odds(0.8) else some,
        )

    def asides(self, odds: float, beside: str = "") -> tuple[str, ...]:
        """Words for `context` and `near`, and for the `except` of a word: phrases that hold it."""
        if not self._odds(odds):
            return ()
        entries = []
        for _ in range(self._chance.randint(1, 2)):
            if beside and self._odds(0.7):
                entries.append(self._chance.choice((f"{beside} {self.word()}", f"{self.word()} {beside}")))
                self._asked.append(entries[-1])
            else:
                entries.append(
                    self._one(
                        self.asked,
                        self.asked,
                        self.phrase,
                        lambda: f"={self.asked()}",
                        self.prefix,
                        self.choice,
                    )
                )
        return tuple(entries)

    def terms(self, most: int) -> tuple[Term, ...]:
        return tuple(self.term() for _ in range(most))

    def denials(self) -> tuple[Term, ...]:
        """Terms of `none`, few, of which many have an `except`."""
        if self._odds(0.8):
            return ()
        if self._odds(0.5):
            return self.terms(1)
        word = self.asked()
        return (Term(text=word, exceptions=self.asides(0.9, word)),)

    def term(self) -> Term:
        """A term; most are short, some have a long form."""
        chance = self._chance
        text = self._one(
            self.asked, self.asked, self.phrase, self.phrase, self.leaf, self.leaf, self.expression
        )
        about = self._asked[-1] if self._asked else self.word()
        if self._odds(0.5):
            self._pairs.append((about, "India", 30))
            return Term(text=text)
        near, within = self.asides(0.3), chance.choice((30, 30, 0, 1, 2, 3))
        if near:
            self._pairs.append((about, self._asked[-1] if self._asked else self.word(), within))
        self._pairs.append((about, "India", within))
        return Term(
            text=text,
            case=chance.choice((Case.SMART, Case.SMART, Case.SMART, Case.FOLD, Case.EXACT)),
            near=near,
            within=within,
            exceptions=self.asides(0.3, about if " " not in about else ""),
            valid_from=chance.choice((None, None, None, None, *DAYS)),
            valid_until=chance.choice((None, None, None, None, *DAYS)),
            ordinary=chance.choice((None, None, True, False)),
            plural=self._odds(0.8),
            literal=self._odds(0.1),
        )

    def phrase(self) -> str:
        words = [self.word() for _ in range(self._chance.choice((2, 2, 2, 3)))]
        joint = self._chance.choice((" ", " ", " ", " ", "-", "-", " – ", "—", ", ", "/", "’s "))
        self._asked.append(joint.join(words))
        return self._asked[-1]

    def prefix(self) -> str:
        word = self.asked()
        return f"{word[: max(3, len(word) - 2)]}*"

    def wildcard(self) -> str:
        word = self.asked()
        place = self._chance.randint(1, max(1, len(word) - 2))
        return f"{word[:place]}?{word[place + 1 :]}"

    def quoted(self) -> str:
        return f'"{self.phrase()}"'.replace('""', '"')

    def sloppy(self) -> str:
        inner, room = self.phrase().replace('"', ""), self._chance.choice((1, 1, 2, 3))
        if " " in inner:
            one, other = inner.split(" ", 1)
            self._pairs.append((one, other, room))
        return f'"{inner}"~{room}'

    def exact(self) -> str:
        return f"={self._one(self.asked, self.quoted)}"

    def fielded(self) -> str:
        part = self._one(self.asked, self.quoted, self.prefix)
        return f"{self._chance.choice(list(Field))}:{part}"

    def pattern(self) -> str:
        """A pattern of the vocabulary, or one of a few others."""
        one, other = (re.escape(self.asked()).replace("/", ".") for _ in range(2))
        more = (
            f"/{one}(s|es)?/",
            f"/{one}[- ]?{other}/",
            f"/(?-i){one}/",
            f"/{one}.{{0,9}}{other}/",
            f"/({one}|{other})/",
        )
        return self._chance.choice((*PATTERNS, *more, *more))

    def choice(self) -> str:
        return f"({self.bare()} OR {self.bare()})"

    def bare(self) -> str:
        return self._one(self.asked, self.quoted, self.prefix)

    def leaf(self) -> str:
        return self._one(
            self.prefix,
            self.wildcard,
            self.quoted,
            self.sloppy,
            self.sloppy,
            self.exact,
            self.fielded,
            self.pattern,
        )

    def nearby(self) -> str:
        chance = self._chance
        sides, found = [], []
        for _ in range(2 if self._odds(0.8) else 3):
            sides.append(self.side())
            found.append(self._asked[-1] if self._asked else self.word())
        if " " in found[0] and self._odds(0.4):  # a word of the phrase beside it
            sides[1] = found[1] = chance.choice(found[0].split())
        number = chance.choice((0, 1, 2, 3, 5))
        self._pairs += [(one, other, number) for one, other in pairwise(found)]
        if len(sides) == 3:
            return f"{sides[0]} NEAR/{number} {sides[1]} NEAR/{number} {sides[2]}"
        return f"{sides[0]} {chance.choice(('NEAR', 'NEAR', 'BEFORE'))}/{number} {sides[1]}"

    def side(self) -> str:
        return self._one(self.asked, self.asked, self.leaf, self.choice)

    def expression(self) -> str:
        return self._one(
            self.nearby,
            self.nearby,
            lambda: f"{self.side()} AND {self.side()}",
            lambda: f"{self.side()} OR {self.nearby()}",
            lambda: f"{self.side()} AND NOT {self.side()}",
            lambda: f"({self.nearby()} OR {self.side()}) AND NOT ({self.side()} OR {self.side()})",
        )
