"""Whose text an article says it is: the agency in its byline, dateline, sign-off or addresses. Pure.

A credit stands where agencies and their customers put it; an agency that a text merely talks of ("he told Reuters",
"according to AFP") is none, nor is the one that took the photograph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from crawler.agencies import AGENCY, agency_of
from crawler.agency_hosts import HOSTS
from crawler.datelines import UNKNOWN_DATELINE
from crawler.records import Article

BEGINNING = 4  # lines at the top in which a byline or dateline may stand
END = 4  # lines at the end in which a sign-off may stand
OPENING, CLOSING = 1_200, 900  # characters of them at most
SHORT_LINE = 140  # characters; a credit that fills a line is not longer, nor is what follows one
LONGEST_PLACE = 70  # characters of a dateline before the agency

# Atomic and possessive, so that no line, however it repeats names, can be read in more than one way.
_NAME = rf"(?<!\w)(?>{AGENCY})(?!\w)"
_MORE = (
    rf"(?:\s*(?:[/,&+]|and|und|et|y|e|i|og|och)\s*(?>{_NAME}|[a-z]{{2,4}}(?!\w))){{0,6}}+"  # "/AFP", "/jog"
)
_OPEN, _CLOSE = r"[(\[（【［〔/]", r"[)\]）】］〕/]"
_DASH = r"[-–—―‒−=＝|:：._]"
_STAFF = r"(?:staff|news|wire|desk|bureau|service|writers?|reporters?|correspondents?|journalists?|agency|newswires?)"
_BY = r"(?:by|von|par|por|di|da|av|af|door|przez|от|от:|text|text:|source|source:|with|mit|avec|con|com|med|met)"

# -- bylines
_SIGNED = re.compile(
    rf"(?:{_BY}\s+)*(?:the\s+)?(?P<agency>{_NAME}){_MORE}(?:\s+{_STAFF})*[.\s]*", re.IGNORECASE
)
_PARTS = re.compile(
    r"\s*[,;|•·()\[\]\n–—]+\s*|\s+[-/]\s+|(?<=\w)/(?=\w)|\s+(?:and|und|et|with|avec|mit|con|com|y)\s+|"
    rf"\s+of\s+(?=(?:the\s+)?{AGENCY}\W*$)"
)
_LONG_AFTER_NAME = re.compile(  # "By JANE DOE Associated Press"
    r"\w[\w.'’-]*\s+\w[\w.'’-]*\s+(?P<agency>(?:The\s+)?Associated Press|Agence France[- ]Presse|Canadian Press|"
    r"Press Trust of India|Thomson Reuters Foundation|Bloomberg News)(?:\s+writers?)?",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"\b(?:former(?:ly)?|ex|photo(?:grapher|s)?|editor at|worked|previously)\b", re.IGNORECASE
)
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|av|af|door|source|quelle|fuente|fonte|källa|kilde|bron|источник|来源|來源)[\s:：]+(?P<who>.+)",
    re.IGNORECASE,
)
_OWN_KIND = re.compile(  # an agency that no list knows, by what it calls itself
    r"[A-Z][\w.&’'-]*(?: [A-Z][\w.&’'-]*){0,3} (?:Wire|Newswire|News Agency|Press Agency|Wire Service)"
)

# -- datelines
_DATELINE = re.compile(
    rf"(?P<place>[^\n(（【［]{{0,{LONGEST_PLACE}}}?){_OPEN}\s*©?\s*(?P<agency>{_NAME}){_MORE}\s*{_CLOSE}(?P<after>.{{0,3}})",
    re.DOTALL,
)
_UNSPACED = re.compile(  # 【ワシントン共同】, [서울=연합뉴스], ［東京 25日 ロイター］, 新华社北京11月25日电
    rf"{_OPEN}(?:[^)\]）】］〕/\na-z]{{0,24}}?|[^)\]）】］〕/\n]{{0,24}}?[=＝])(?<![A-Za-z])(?P<agency>{AGENCY})\s*{_CLOSE}|"
    rf"{_OPEN}?(?P<wired>{AGENCY})(?:记者[^\n，。]{{1,12}})?[^\s，。,.\n]{{0,12}}?(?:\d{{1,2}}月)?\d{{1,2}}日(?:[电電讯訊]|\s*[-–—])"
)
_SLASHED = re.compile(  # МОСКВА, 25 ноября. /ТАСС/ - МОСКВА, 25 ноя — РИА Новости. - Москва. 25 ноября. INTERFAX.RU -
    rf"(?P<place>[^\n]{{3,{LONGEST_PLACE}}}?)(?:[.,]\s*|\s[-–—]\s*)/?\s*(?P<agency>{_NAME})(?:\.\w{{2,3}})?\s*(?:/|[.:]\s|\s[-–—])"
)
_FIRST_WORD = re.compile(
    rf"(?P<agency>{_NAME})(?:/\w+)?(?:\s*[-–—|]+\s+(?![a-z]+\b)|,\s+[^\W\d_]+\s+\d{{1,2}}[.,:]\s)"
)
_PARTICLES = frozenset(
    """
    a al am an and d da das de del della den der des di do du e el i im in la las le les lo los of on o og och the und
    y z w и в на
    """.split()  # noqa: SIM905  # a list of words reads better so
)

# -- sign-offs
_PHOTO = re.compile(
    r"photo|fotos?\b|image|picture|pictured|getty|handout|caption|illustration|\bbild\b|imagen|immagine|"
    r"\bvideo\b|写真|图片|圖片|사진|фото",
    re.IGNORECASE,
)
_INPUTS = re.compile(
    r"(?:\bwith\s+(?:additional\s+)?(?:\w+\s+)?(?:inputs?|files?|reporting|reports?|material|information)|\(inputs?)\s+"
    rf"(?:from|by)\s+(?P<who>[^()\n]{{2,120}})|\bwith\s+(?P<agency>{_NAME}){_MORE}\s+inputs?\b",
    re.IGNORECASE,
)
_WITH = re.compile(  # (mit Material von dpa), (avec AFP), (con información de EFE): in brackets, or a line of its own
    r"(?:^|[(\[])\s*(?:[\w .]{0,30}?\s)?(?:mit|avec|con|com|med|met|ze?|с|по материалам|pe baza)\s+(?:[^\W\d_]+\s+){0,3}?"
    rf"(?P<agency>{_NAME}){_MORE}\s*[.)\]]*$",
    re.IGNORECASE,
)
_STORY_OF = re.compile(
    r"(?:\b(?:story|report|article|text|content|copy|news)\b[^.\n]{0,40}\b(?:provided|supplied|distributed|published|produced|written)|"
    r"\boriginally\s+(?:published|appeared))\s+(?:by|in|on|at|from)\s+(?:the\s+)?(?P<who>[^.;,()\n]{2,60})",
    re.IGNORECASE,
)
_DESK = re.compile(  # (Reporting by Jane Doe; Editing by John Roe): the style of Reuters
    r"\b(?:reporting|writing|compiled)(?:\s+and\s+(?:writing|reporting|editing))?\s+by\b(?P<who>[^\n]{2,300}?)[;,.]\s*"
    r"(?:[^\n]{0,200}?[;,.]\s*)?editing\s+by\b|^\(?editing\s+by\b",
    re.IGNORECASE,
)
_PRINCIPLES = re.compile(r"thomson reuters trust principles", re.IGNORECASE)
_OWN_WRITERS = re.compile(
    rf"(?P<agency>{_NAME})\s+(?:\w+\s+){{0,2}}?(?:writers?|journalists?|reporters?|correspondents?)\b[^\n]{{3,300}}"
    r"\bcontributed\s+to\s+this\s+(?:report|story)",
)
_SOURCE = re.compile(
    r"\b(?:source|quelle|fuente|fonte|källa|kilde|lähde|bron|źródło|zdroj|forrás|источник|джерело)\s*[:：-]\s*"
    rf"(?:[^\n]{{0,30}}?[,/]\s*)?(?P<agency>{_NAME})|(?:来源|來源|出典|स्रोत)\s*[:：]\s*(?P<unspaced>{AGENCY})",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    rf"(?:©|\(c\)|\bcopyright\b)[\s©]*(?:\(c\)\s*)?(?:(?:19|20)\d\d)?[,\s]*(?:by\s+)?(?:the\s+)?(?P<agency>{_NAME})",
    re.IGNORECASE,
)
_WHOLE_LINE = re.compile(
    rf"[-–—(\[（【/©\s*]*(?:[a-z]{{1,4}}(?:[/,]\s?[a-z]{{1,4}})*[/,]\s?)?(?P<agency>{_NAME}){_MORE}(?:\s+[A-Z]{{2,4}}){{0,6}}[-–—)\]）】/.\s*]*"
)
_LAST_WORDS = re.compile(
    rf"(?:[(（【]©?(?P<bracketed>{_NAME}){_MORE}[)）】]|(?<=\s)/(?P<slashed>{_NAME})/|"
    rf"(?<=[.”\"’»?!)])\s+[-–—]{{1,2}}\s*(?P<dashed>{_NAME}){_MORE}|"
    rf"(?<=[.”\"’»?!)])\s+(?P<coded>[A-Z]{{3,5}})(?:\s+[A-Z]{{2,4}}){{0,6}})\.?\s*$|[(（【](?P<unspaced>{AGENCY})[)）】]\s*$"
)
_ORDINARY = frozenset(  # what a label, a button or a gap in a form says as well; a bracket or a dateline must bear it out
    (
        "aa",
        "andina",
        "antara",
        "app",
        "beta",
        "fars",
        "kabar",
        "map",
        "mehr",
        "na",
        "petra",
        "rss",
        "tap",
        "trend",
    )
)
_KIND = re.compile(  # what the name of an agency says of it; places, people and desks have none of these words
    r"\w[\w.&’'-]* (?:Wire|Newswires?|News|Press|Network|Media|News Service|Wire Service|News Agency|Press Agency)$"
)
_CAPITAL_RUN = re.compile(
    r"(?:the\s+|our\s+)?(?P<name>[A-Z][\w.&’'-]*(?: [A-Z][\w.&’'-]*){0,3})\s*(?:[;,.)]|and\b|$)"
)


@lru_cache(maxsize=256)  # a candidate is read several times while one article is folded
def credit_of(article: Article) -> str | None:
    """The agency whose text this is, by its own words: "Reuters", "PTI"; None: it names none.

    Looked at in this order: the host or the source, when it is an agency itself; the authors; byline and
    dateline at the beginning of text and summary; the sign-off at the end; the canonical address.
    An agency that no list knows is taken by the name that a dateline, a byline or a sign-off gives it.
    """
    own = agency_at(article.url, article.source_id)
    if own is not None:
        return own
    found = (
        _first(map(_of_author, article.authors))
        or _of_opening(article.text)
        or _of_opening(article.summary)
        or _of_ending(article.text or article.summary)
        or _first(map(_of_unknown_dateline, _lines(article.text[:OPENING])[:BEGINNING]))
    )
    return found or agency_at(article.canonical_url)


def agency_at(url: str, source_id: str = "") -> str | None:
    """The agency that tells itself at this address, or as this source; None: it is no agency's."""
    host = host_of(url)
    while host:
        if host in HOSTS:
            return HOSTS[host]
        host = host.partition(".")[2]
    name = re.sub(r"[-_\s]+", " ", source_id).strip()
    for written in (name, name.upper()):  # ids stand in small letters
        if re.fullmatch(_NAME, written):
            return _standing_alone(written)
    return None


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The host of an address in lower case, without `www.`; "" when it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""


def plain_name(name: str) -> str:
    """The name of an agency that is in no list, less what only says that it is one."""
    name = " ".join(name.split()).strip(" .,")
    return re.sub(r"(?<=Wire) Service$|^The (?=\w)", "", name)


# -- bylines ---------------------------------------------------------------------------------------


def _of_author(author: str) -> str | None:
    """Of "Jane Doe, Associated Press", "PTI", "AFP Staff Writers", "Le Monde avec AFP"."""
    author = author.strip()
    if not author or len(author) > SHORT_LINE or _FORMER.search(author):
        return None
    for part in (author, *_PARTS.split(author)):
        if part and (signed := _SIGNED.fullmatch(part.strip())):
            return _standing_alone(signed["agency"])
    bare = re.sub(r"^(?i:by)\s+", "", author)
    if long := _LONG_AFTER_NAME.fullmatch(bare):
        return agency_of(long["agency"])
    return plain_name(bare) if _OWN_KIND.fullmatch(bare) else None


# -- beginnings ------------------------------------------------------------------------------------


def _of_opening(text: str) -> str | None:
    lines = _lines(text[:OPENING])
    for line in lines[:BEGINNING]:
        found = _of_dateline(line)
        if found is None and len(line) <= SHORT_LINE and len(lines) > 1:
            if not _PHOTO.search(line) and (whole := _WHOLE_LINE.fullmatch(line)):
                return _standing_alone(whole["agency"], line)
            byline = _BYLINE.fullmatch(line)
            found = _of_author(byline["who"]) if byline else None
        if found is not None:
            return found
    return None


def _of_dateline(line: str) -> str | None:
    bracketed = _DATELINE.match(line)
    if bracketed and _is_dateline(bracketed) and _goes_on(bracketed["place"], bracketed["after"]):
        return agency_of(bracketed["agency"])
    slashed = _SLASHED.match(line)
    if slashed and _is_dateline(slashed) and re.search(r"\d", slashed["place"]):
        return agency_of(slashed["agency"])
    if unspaced := _UNSPACED.match(line):
        return agency_of(unspaced["agency"] or unspaced["wired"])
    if first := _FIRST_WORD.match(line):
        return _standing_alone(first["agency"])
    return None


def _of_unknown_dateline(line: str) -> str | None:
    found = UNKNOWN_DATELINE.match(line)
    return plain_name(found["name"]) if found and _KIND.search(found["name"]) else None


def _is_dateline(found: re.Match[str]) -> bool:
    """Whether the words before an agency can be a place and a date, and are no sentence."""
    before = found["place"]
    words = re.findall(r"[^\W_][\w.'’-]*", before)
    if len(words) > 9 or re.search(r"[?!;“”\"]", before) or _spells_out(before, found["agency"]):
        return False
    for at, word in enumerate(words):
        beside = " ".join(words[max(at - 1, 0) : at + 2])
        if word[0].islower() and word not in _PARTICLES and not re.search(r"\d", beside):
            return False
    return True


def _spells_out(before: str, signed: str) -> bool:
    """Whether the words before an abbreviation are what it stands for: "Pakistan Tehreek-e-Insaf (PTI)"."""
    if not signed.isupper() or " " in signed:
        return False
    words = (word for word in re.findall(r"[^\W\d_]+", before) if word[0].isupper() and not word.isupper())
    return len(signed) > 1 and "".join(word[0] for word in words).endswith(signed)


def _goes_on(place: str, after: str) -> bool:
    """Whether a dateline's end follows: a dash, the end of the line; or the text, after a place that is clear."""
    rest = after.lstrip()
    if not rest or re.match(_DASH, rest):
        return True
    clear = not place.strip() or re.search(r"\d", place) or (place.isupper() and len(place.strip()) > 2)
    return bool(clear) and not rest[0].islower()


# -- endings ---------------------------------------------------------------------------------------


def _of_ending(text: str) -> str | None:
    lines = _lines(text[-CLOSING:])[-END:]
    tail = "\n".join(lines)
    if _PRINCIPLES.search(tail):
        return "Reuters"
    for found in (*_INPUTS.finditer(tail), *_STORY_OF.finditer(tail)):
        named = found.groupdict()
        if agency := named.get("agency"):
            return agency_of(agency)
        if who := _named_in(named["who"]):
            return who
    if "contributed" in tail and (writers := _OWN_WRITERS.search(tail)):
        return agency_of(writers["agency"])
    if desk := next((one for line in lines if (one := _DESK.search(line))), None):
        return _known_in(desk["who"] or "") or "Reuters"
    return _first(map(_of_sign_off, _signable(lines)))


def _signable(lines: list[str]) -> Iterator[str]:
    """Lines in which a sign-off may stand, from the last upwards, as long as only short ones follow."""
    for line in reversed(lines):
        yield line
        if len(line) > SHORT_LINE:
            return


def _of_sign_off(line: str) -> str | None:
    if len(line) <= SHORT_LINE:
        if _PHOTO.search(line):
            return None
        if found := _SOURCE.search(line):
            return agency_of(found["agency"] or found["unspaced"])
        if found := _RIGHTS.search(line):
            return agency_of(found["agency"])
        if found := _WHOLE_LINE.fullmatch(line):
            return _standing_alone(found["agency"], line)
    last = line[-SHORT_LINE:]
    if found := _WITH.search(last):
        return agency_of(found["agency"])
    if found := _LAST_WORDS.search(last):
        signed = next(name for name in found.groupdict().values() if name)
        known = re.fullmatch(AGENCY, signed) and not _spells_out(last[: found.start()], signed)
        return _standing_alone(signed, last[found.start() :].strip()) if known else None
    return None


def _standing_alone(signed: str, line: str = "") -> str | None:
    """The agency of a name with nothing around it, in a line that may have brackets."""
    if signed.casefold() in _ORDINARY and not re.match(r"[-–—(\[（【/©]", line):
        return None
    return agency_of(signed)


def _named_in(who: str) -> str | None:
    """The first agency of "ANI, PTI", or the name of one that is in no list."""
    if known := _known_in(who):
        return known
    name = _CAPITAL_RUN.match(who.strip())
    return plain_name(name["name"]) if name and _KIND.search(name["name"]) else None


def _known_in(who: str) -> str | None:
    found = re.search(_NAME, who)
    return agency_of(found.group()) if found else None


def _lines(text: str) -> list[str]:
    return [line for line in (raw.strip() for raw in text.split("\n")) if line]


def _first(found: Iterable[str | None]) -> str | None:
    return next((one for one in found if one), None)
