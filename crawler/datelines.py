"""What stands before the first word of a story: datelines, agencies' marks, notes of updates; labels of headlines. Pure."""

from __future__ import annotations

import re

from crawler.agencies import AGENCY, agency_named, agency_of

DATELINE = 90  # characters before the agency's mark
LONGEST_MARK = 300  # characters of a dateline or note
LONGEST_NAME = 100  # characters at the end of a headline among which an agency may be named
PLACE_WORDS = 5  # of a dateline that no agency's mark ends

UNKNOWN_DATELINE = re.compile(  # of an agency that no list knows: BENGALURU, Feb 3 (Deccan Wire) -
    r"(?P<place>[A-Z][A-Z.'’/ -]{2,40}(?:, [A-Z][\w.]*\.? \d{1,2})?) "
    r"\((?P<name>[A-Z][\w.&’'-]*(?: [A-Z][\w.&’'-]*){0,3})\)\s*[-–—]"
)

_OPEN, _CLOSE = r"[(\[/（【〔［]", r"[)\]/）】〕］]"
_DATED = r"(?:[12]?\d|3[01])(?:st|nd|rd|th)?\b|\d{1,2}\s*[日月]|\b(?:19|20)\d\d\b"
_MONTH = (
    r"\b(?:jan|feb|mar|apr|may|mai|maj|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|fév|fev|avr|juin|juil|août|déc|"
    r"mär|gen|mag|giu|lug|ott|out|set|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)\w*"
)

# "LONDON (Reuters) - ", "NEW DELHI, Feb 14 (PTI) ", "[ロンドン 14日 ロイター] - ", "MOSKAU, 3 мая /ТАСС/."
_MARKED = re.compile(
    rf"\s*(?P<place>[^\n(\[/（【〔［]{{0,{DATELINE}}}?)\s*{_OPEN}(?P<mark>[^\n()\[\]（）【】〔〕［］]{{2,60}}){_CLOSE}"
    r"(?P<end>[\s.,\-–—―:：=]*)"
)
# What parts an unmarked dateline from the story: "Reuters - The board", "NEW DELHI, Feb 14: The board".
_PART = re.compile(r"\s[-–—]+\s|[–—]+\s*|--+\s*|:\s|\.\s[-–—]+\s")
_STOP = re.compile(r"\s[-–—]+\s|[–—]+\s*|--+\s*|:\s|\.\s+")
# "新华社北京2月14日电（记者 …）", "路透社伦敦14日电", "中央社記者…台北14日電", "(서울=연합뉴스) 홍길동 기자 = "
_CHINESE = re.compile(
    rf"\s*[【（(]?(?:据)?{AGENCY}[^\n，。,]{{0,24}}?\d{{1,2}}日[電电讯訊][）)】]?\s*(?:[（(][^）)\n]{{0,40}}[）)])?[\s:：—-]*"
)
_KOREAN = re.compile(
    rf"\s*[(\[][^)\]\n]{{0,20}}=\s*{AGENCY}[)\]]\s*(?:[^\n=]{{1,30}}\s(?:기자|특파원)(?:\s*=)?\s*)?"
)
_UPDATE = re.compile(
    r"\s*[(\[](?:adds?|recasts?|updates?|updating|corrects?|writes|rewrites|repeats?|refiles?|removes?|clarifies|fixes|"
    r"amends|inserts?|releads?|new throughout|no change|eds:)\b[^()\[\]\n]{0,250}[)\]][\s.:;–—-]*",
    re.IGNORECASE,
)

_LABEL = re.compile(
    r"\s*(?:\W{0,2}(?:(?:update|wrap-?up|rpt|refile|corrected|correction|clarified|official correction|adds|recast)"
    r"(?:\s*\d{1,2})?\s*[-–—:|]+|(?:exclusive|breaking(?:\s+news)?|just in|watch|video|live|updated|developing|factbox|explainer|"
    r"analysis|insight|newsmaker|timeline|press digest|eilmeldung|urgent|alerte info|última hora|ultim'ora|срочно)\s*[:|–—]+|"
    r"(?:exclusive|factbox|analysis|insight|newsmaker|timeline|explainer)-(?=[A-Z]))\W{0,2}\s*)+",
    re.IGNORECASE,
)
# "Board funds ferries (Reuters)", "Board funds ferries - Reuters", "… | AFP"
_MARK_AFTER = re.compile(
    r"\s(?:[(\[](?P<bracketed>[^()\[\]]{2,40})[)\]]|[-–—|]\s(?P<parted>[^-–—|]{2,40}))\s*$"
)
_DATELINE_WORDS = frozenset(
    "of de del da do la le el upon am an der und and y e near the bei sur les".split()  # noqa: SIM905  # reads better so
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")


def without_dateline(line: str) -> str:
    """The first line of a text from where the story begins; up to three marks go: a note, a dateline, a note."""
    for _ in range(3):
        line = line.lstrip()
        end = _mark_ends(line[:LONGEST_MARK])
        if not end:
            break
        line = line[end:]
    return line


def plain_title(title: str) -> str:
    """A headline less the labels that desks put before it and agencies' marks after it: "UPDATE 2-", "(Reuters)"."""
    found = _LABEL.match(title)
    start = found.end() if found is not None else 0
    tail = max(start, len(title) - LONGEST_NAME)
    marked = _MARK_AFTER.search(title, tail)
    if marked is not None:
        mark = marked["bracketed"] or marked["parted"]
        if agency_named(mark) and not _abbreviates(mark, title[tail : marked.start()]):
            return title[start : marked.start()] or title
    return title[start:] or title


def _mark_ends(start: str) -> int:
    """Where a dateline or note at the start of a text ends; 0: there is none."""
    if start[:1] in "([" and (found := _UPDATE.match(start)) is not None:
        return found.end()
    if "日" in start and (found := _CHINESE.match(start)) is not None:
        return found.end()
    if "=" in start and (found := _KOREAN.match(start)) is not None:
        return found.end()
    if (found := _MARKED.match(start)) is not None and _signs(found["place"], found["mark"], found["end"]):
        return found.end()
    return _unmarked_ends(start)


def _unmarked_ends(start: str) -> int:
    """Where "Reuters - ", "NEW DELHI, Feb 14 - " or "МОСКВА, 14 фев - РИА Новости. " ends; 0: there is none."""
    part = _PART.search(start)
    if part is None:
        return 0
    first = start[: part.start()]
    if agency_named(first):
        return part.end()
    if not (
        len(first) <= DATELINE
        and re.search(_MONTH, first, re.IGNORECASE)
        and re.search(_DATED, first)
        and _is_place(first, least=1, most=PLACE_WORDS)
    ):
        return 0
    stop = _STOP.search(start, part.end())
    return stop.end() if stop is not None and agency_named(start[part.end() : stop.start()]) else part.end()


def _signs(place: str, mark: str, end: str) -> bool:
    """Whether brackets at the start of a text hold an agency's mark: "(Reuters)", "(AP) —", not "(WHO) said"."""
    if not _is_place(place) or agency_of(place) is not None:
        return False
    parted = bool(end.strip(" ,."))
    if agency_of(mark) is not None and len(mark.split()) <= 6:
        return parted or not _abbreviates(mark, place)
    return (
        parted and mark.isupper() and mark.isalpha() and 2 <= len(mark) <= 6 and not _abbreviates(mark, place)
    )


def _abbreviates(mark: str, place: str) -> bool:
    """Whether the letters of `mark` begin the words before it, as in "Punjab Assembly (PA)"."""
    letters = "".join(word[0] for word in _WORDS.findall(place)).casefold()
    return len(letters) > 1 and mark.casefold().strip(". ") in letters


def _is_place(place: str, *, least: int = 0, most: int = 9) -> bool:
    """Whether words may be those of a dateline: names, dates, small words between them."""
    words = [
        word
        for word in _WORDS.findall(place)
        if not re.fullmatch(_MONTH, word.rstrip("."), re.IGNORECASE) and agency_named(word) is None
    ]
    return least <= len(words) <= most and not any(
        word[0].islower() and word.rstrip(".") not in _DATELINE_WORDS for word in words
    )
