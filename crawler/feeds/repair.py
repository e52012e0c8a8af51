"""Making XML out of what was meant as XML, and saying what was done. Pure."""

from __future__ import annotations

import html.entities
import re
from xml.parsers import expat
from xml.parsers.expat.errors import codes

from crawler.errors import NotAFeedError

_START = re.compile(r"<\?xml\b[^<>]*\?>|<(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF|channel|opml)\b", re.I)
_ROOT = re.compile(r"<(?![?!])([A-Za-z_][\w.:-]*)")
_DECLARATION = re.compile(r"\A<\?xml\b[^>]*\?>", re.I)
_DOCTYPE = re.compile(r"<!DOCTYPE", re.I)
_SUBSET_END = re.compile(r"\]\s*>")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ILLEGAL_REFERENCE = re.compile(r"&#(?:x([0-9a-f]{1,8})|(\d{1,10}));", re.I)
_CDATA = re.compile(r"(<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>|\Z)|<!--(?:[^-]++|-(?!->))*+(?:-->|\Z))")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z_][\w.-]{0,31});")
_BARE = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z_][\w.-]{0,31};)")
_OPENS_NO_TAG = re.compile(r"<(?![A-Za-z_/!?])")
_LONG_NAME = re.compile(  # names of people; feedparser looks for addresses in them in the square of their length
    r"(<(?:[A-Za-z_][\w.-]*:)?(?:author|creator|contributor|publisher|owner|name|email|managingEditor|webMaster)"
    r"\b[^<>]{0,200}>\s{0,50}(?:<!\[CDATA\[)?[^<]{1000})[^<\]]+",
    re.I,
)
_ENTRY = re.compile(r"<(?:item|entry)(?=[\s/>])")
_ENTRY_END = re.compile(r"</(?:item|entry)\s*>|<(?:item|entry)(?:\s[^<>]*)?/>")
# Errors of a document that stops → whether the place of the error is where the unfinished part begins.
_STOPS = {
    codes["no element found"]: False,
    codes["unclosed token"]: True,
    codes["partial character"]: True,
    codes["unclosed CDATA section"]: False,
}
_DEEPEST, _MOST_ATTRIBUTES = 1_000, 500
_PREFIXED = re.compile(r"</?([A-Za-z_][\w.-]*):[A-Za-z_]|\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*\s*=\s*[\"']")
_DECLARED = re.compile(r"\sxmlns:([A-Za-z_][\w.-]*)\s*=")
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rss": "http://backend.userland.com/rss",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
}


def repair(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` as well-formed XML where that can be had, and in words every repair that changed it.

    Document type declarations always go: no entity that a feed declares is ever expanded. Everything else is
    touched only in a document that is not well-formed. What stays broken is said in the last problem.

    Raises:
        NotAFeedError: see `fault`.
    """
    problems: list[str] = []
    text, found = _ILLEGAL.subn("", text)
    if found:
        problems.append(f"{found} control characters that XML forbids were left out")
    text, found = _LONG_NAME.subn(r"\1", _without_doctype(text))
    if found:
        problems.append(f"{found} names of people longer than 1000 characters were cut")
    if fault(text) is None:
        return text, tuple(problems)

    for mend in (_cut_before, _cut_after, _references, _names, _ampersands):
        text, problem = mend(text)
        if problem:
            problems.append(problem)
    broken = fault(text)
    if broken:
        text, problem = _prefixes(text)
        if problem:
            problems.append(problem)
        text = _closed(text)
        broken = fault(text)
    if broken:
        problems.append(f"not well-formed XML ({broken}); read as far as possible")
    return text, tuple(problems)


def has_long_name(text: str) -> bool:
    """Whether `repair` would cut the name of a person."""
    return _LONG_NAME.search(text) is not None


def without_hidden(text: str) -> str:
    """`text` without comments and marked sections."""
    return _CDATA.sub("", text)


def root_name(text: str) -> str | None:
    """Local name of the first element, lower case; None when there is none."""
    found = _ROOT.search(without_hidden(text[:65536]))
    return found[1].rpartition(":")[2].lower() if found else None


def fault(text: str) -> str | None:
    """What keeps `text` from being namespace-well-formed XML, or None.

    Raises:
        NotAFeedError: it is nested deeper, or has more attributes in one element, than any feed; readers of
            such documents need time in the square of that.
    """
    depth = 0

    def start(name: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST or len(attributes) > 2 * _MOST_ATTRIBUTES:
            raise NotAFeedError("the document is built to exhaust its reader")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    reader = expat.ParserCreate("utf-8", namespace_separator=" ")
    reader.ordered_attributes = True
    reader.StartElementHandler, reader.EndElementHandler = start, end
    try:
        reader.Parse(_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return str(error)
    return None


def first_entries(text: str, most: int) -> str:
    """`text` without the entries after the first `most`, so that a reader need not build them all.

    Comes back as it is when it has no more, or when cutting would break it.
    """
    if text.count("<item") + text.count("<entry") <= most:
        return text
    parts = _CDATA.split(text)
    starts: list[int] = []
    place = 0
    for number, part in enumerate(parts):
        if number % 2 == 0:
            starts += [place + found.start() for found in _ENTRY.finditer(part)]
        place += len(part)
    if len(starts) <= most:
        return text
    last = [found.end() for found in _ENTRY_END.finditer(text, starts[-1])]
    cut = text[: starts[most]] + (text[last[-1] :] if last else "")
    return text if fault(cut) and not fault(text) else cut


def _without_doctype(text: str) -> str:
    """Cut every `<!DOCTYPE … [ … ]>` before the root; its entities must not be expanded. Linear in `text`."""
    kept: list[str] = []
    at, root, subset_end = 0, -1, 0
    while True:
        if root < at:
            root = begins.start() if (begins := _ROOT.search(text, at)) else len(text)
        found = _DOCTYPE.search(text, at, root)
        if not found:
            break
        before = text[at : found.start()]
        glue = "" if before[-1:].isspace() or before.endswith(">") else " "  # what is left makes no new one
        kept += (before, glue if kept or before else "")
        close = text.find(">", found.end())
        bracket = text.find("[", found.end(), close)
        if bracket >= 0 and 0 <= subset_end <= bracket:
            inner = _SUBSET_END.search(text, bracket)
            subset_end = inner.end() if inner else -1
        if 0 <= bracket < subset_end:
            close = subset_end - 1
        if close < 0:
            return "".join(kept)
        at = close + 1
    return "".join((*kept, text[at:])) if at else text


def _cut_before(text: str) -> tuple[str, str | None]:
    start = _START.search(text)
    if not start or start.start() == 0:
        return text, None
    lost = text[: start.start()].strip()
    rest = text[start.start() :]
    return rest, "rubbish before the document was left out" if lost else "blank lines before the document"


def _cut_after(text: str) -> tuple[str, str | None]:
    root = _ROOT.search(text)
    if not root:
        return text, None
    end = text.rfind(f"</{root[1]}")
    close = text.find(">", end) if end >= 0 else -1
    if close < 0:
        return text, "the document is cut short"
    lost = text[close + 1 :].strip()
    return text[: close + 1], "rubbish after the document was left out" if lost else None


def _outside_cdata(text: str, pattern: re.Pattern[str], replace: object) -> tuple[str, int]:
    parts, count = _CDATA.split(text), 0
    for place in range(0, len(parts), 2):
        parts[place], found = pattern.subn(replace, parts[place])  # type: ignore[call-overload]  # str or callable
        count += found
    return "".join(parts), count


def _references(text: str) -> tuple[str, str | None]:
    """Numeric references to characters that XML forbids."""
    lost = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal lost
        code = int(found[1], 16) if found[1] else int(found[2])
        if code < 0x110000 and not _ILLEGAL.match(chr(code)):
            return found[0]
        lost += 1
        return ""

    text, _ = _outside_cdata(text, _ILLEGAL_REFERENCE, keep)
    return text, f"{lost} references to forbidden characters were left out" if lost else None


def _names(text: str) -> tuple[str, str | None]:
    """HTML's entity names become their characters, unknown ones plain text."""
    seen: set[str] = set()

    def resolve(found: re.Match[str]) -> str:
        name = found[1]
        seen.add(name)
        characters = html.entities.html5.get(f"{name};")
        if characters is None:
            return f"&amp;{name};"
        return "".join(f"&#{ord(one)};" for one in characters)

    text, _ = _outside_cdata(text, _ENTITY, resolve)
    return text, f"entities that XML does not know: {', '.join(sorted(seen)[:5])}" if seen else None


def _ampersands(text: str) -> tuple[str, str | None]:
    text, signs = _outside_cdata(text, _BARE, "&amp;")
    text, angles = _outside_cdata(text, _OPENS_NO_TAG, "&lt;")
    told = [f"{signs} bare &"] if signs else []
    told += [f"{angles} bare <"] if angles else []
    return text, f"{' and '.join(told)} escaped" if told else None


def _closed(text: str) -> str:
    """A document that stops too early, with its open elements closed; others come back as they are.

    What stands unfinished in an entry is left out: half an address would be another address.
    """
    opened: list[tuple[str, int]] = []
    data = text.encode("utf-8", "replace")
    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler = lambda name, _: opened.append((name, reader.CurrentByteIndex))
    reader.EndElementHandler = lambda _: opened.pop()
    try:
        reader.Parse(data, True)
    except expat.ExpatError as error:
        if not opened or (at_error := _STOPS.get(error.code)) is None:
            return text
        end = reader.ErrorByteIndex if at_error else len(data)
    else:
        return text
    for place, (name, _) in enumerate(opened[:-1], start=1):
        if name.lower() in ("item", "entry"):
            end = opened[place][1]
            del opened[place:]
            break
    else:
        if data.rfind(b"<![CDATA[", 0, end) > data.rfind(b"]]>", 0, end):
            end = data.rfind(b"<![CDATA[", 0, end)
    return data[:end].decode("utf-8", "ignore") + "".join(f"</{name}>" for name, _ in reversed(opened))


def _prefixes(text: str) -> tuple[str, str | None]:
    root = _ROOT.search(text)
    if not root:
        return text, None
    bare = without_hidden(text)
    used = {one or other for one, other in _PREFIXED.findall(bare)} - {"xml", "xmlns"}
    missing = sorted(used - set(_DECLARED.findall(bare)))[:50]
    if not missing:
        return text, None
    extra = "".join(
        f' xmlns:{one}="{_NAMESPACES.get(one.lower(), "urn:undeclared:" + one)}"' for one in missing
    )
    return text[: root.end()] + extra + text[root.end() :], f"undeclared prefixes: {', '.join(missing[:5])}"
