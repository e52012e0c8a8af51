"""Lines that are no part of a story: bylines, credits, notices of copyright and syndication, pointers elsewhere. Pure.

A line goes when its form says so, never for a word alone.
"""

from __future__ import annotations

import re

from crawler.agencies import AGENCY, FIRST_WORDS, SMALL_CODES, agency_of

LONGEST_CREDIT = 300  # characters of a credit in brackets

_BYLINE = re.compile(
    r"\s*(?:by|von|par|por|di|da|av|af|door|story by|written by|reported by|posted by|published by|updated by|"
    r"author|source|sources|agency|agencies|quelle|fuente|fonte|kaynak|autor|autore|auteur|фото|источник|автор|bron|kilde|källa)"
    r"\s*[:：]?\s+(?P<who>[^\n]{2,90})$",
    re.IGNORECASE,
)
_BYLINE_MARK = re.compile(
    r"\s*(?:来源|來源|记者|記者|作者|责任编辑|责编|編輯|编辑|原标题|出典|文/|文：|स्रोत)\s*[:：/][^\n]{0,80}$"
)
_AGENCY_LINE = re.compile(
    rf"[\s\-–—―/(\[*|・・（【]*(?:{AGENCY})(?:[\s/&,+|]+(?:and\s+)?(?:{AGENCY}|[A-Z]{{1,4}}|[a-z]{{2,4}}/[a-z]{{0,4}})){{0,5}}[\s\-–—)\]/.|*）】]*$"
)

# Lines that are a notice by their first words alone.
_NOTICE = re.compile(
    r"""[\s*•·>▪■◆▶►»|\[(（【-]*(?:
      copyright\s*[,:]?\s*(?:©|\(c\)|by\b|\d{4})
    | [©ⓒ℗]\s*\S | \(c\)\s*\d{4}
    | (?:all\ rights\ reserved|alle\ rechte\ vorbehalten|tous\ droits\ réservés|todos\ los\ derechos\ reservados
        |todos\ os\ direitos\ reservados|riproduzione\ riservata|©?\ ?riproduzione\ riservata|版权所有|無断転載|무단\s*전재|저작권자)
    | (?:also\ read|read\ also|read\ more|read\ next|read\ full\ story|read\ the\ full|see\ also|see\ more|more\ on\ this|more\ from|related|related\ (?:stories|articles|coverage|news)
        |recommended|watch|watch\ live|watch\ video|listen|in\ pictures|in\ photos|don['’]t\ miss|must\ read|trending|explained|read\ here
        |lesen\ sie\ auch|lies\ auch|mehr\ (?:zum\ thema|dazu)|zum\ thema|lire\ aussi|à\ lire(?:\ aussi)?|voir\ aussi|lea\ (?:también|además|más)|lee\ (?:también|además|más)
        |te\ puede\ interesar|leer\ más|ver\ también|leia\ (?:também|mais)|veja\ também|saiba\ mais|leggi\ anche|lees\ ook|lees\ meer|läs\ (?:mer|också|även)|les\ (?:også|mer)
        |læs\ (?:også|mere)|lue\ myös|czytaj\ (?:też|także|również|więcej)|zobacz\ też|čtěte\ (?:také|i)|číst\ dále|olvasta\ már|citește\ și|citeşte\ şi|читайте\ также|читайте\ ещё
        |читайте\ також|смотрите\ также|baca\ juga|xem\ thêm|ilginizi\ çekebilir|ayrıca\ oku|اقرأ\ أيض[اًا]+|بیشتر\ بخوانید|यह\ भी\ पढ़ें|ये\ भी\ पढ़ें|इसे\ भी\ पढ़ें
        |อ่านเพิ่มเติม|อ่านข่าว|延伸阅读|延伸閱讀|相关新闻|相關新聞|関連記事|관련기사)\s*(?:[:：|►▶→»]|(?<=\s)[-–—]\s|$)
    | (?:subscribe|sign\ up|register|log\ in)\s+(?:to|for|now|here|today)\b(?=.{0,120}(?:newsletter|podcast|channel|inbox|alerts?|read|here|offer|access|\bour\b|now\b|digital|e-?paper|magazine))
    | (?:abonnez-vous|suscr[ií]be?te|assine\b|abonnieren\ sie|jetzt\ abonnieren|iscriviti|подписывайтесь|подпишитесь|підписуйтесь|abone\ ol)
    | (?:follow|like|join|find|connect\ with)\s+(?:us|our|the\ \w+\ on|\w+(?:\s\w+){0,3}\ on)\b(?=.{0,120}(?:twitter|facebook|instagram|whatsapp|telegram|youtube|linkedin|google\ news|threads|bluesky|tiktok|channel|social|\ x\b))
    | download\ (?:the|our)\ .{0,60}\bapp\b
    | click\ here\b | tap\ here\b
    | get\ (?:the\ latest|all\ the\ latest|breaking|live|more)\b(?=.{0,160}(?:app\b|newsletter|inbox|channel|follow|subscribe|updates\ on|news\ on|here))
    | catch\ all\ the\b(?=.{0,160}(?:news|updates|events))
    | (?:stay\ updated|stay\ tuned)\b(?=.{0,160}(?:app\b|news|channel|follow|latest))
    | (?:story|article)\ continues\ (?:below|after) | continue\ reading | advertisement\s*$ | advertorial\s*$ | anzeige\s*$ | publicité\s*$ | publicidad\s*$ | werbung\s*$ | реклама\s*$
    | (?:share|comments?|tags?|topics|print|save|listen\ to\ this\ article|share\ this(?:\ \w+)?|share\ on\ \w+)\s*:?\s*$
    | (?:first\ published|last\ updated|last\ modified|published|published\ on|updated|updated\ on|posted|posted\ on|date)\s*[:|@]\s.{0,60}$
    | (?:published|updated|posted|last\ updated)\b[^.]{0,20}\d{1,2}[:.]\d\d[^.]{0,30}$
    | our\ standards:
    | disclaimer\s*:
    | support\ (?:our|independent|quality)\ journalism
    | (?:photo|image|picture|file\ photo|representational\ image|representative\ image|credit|photo\ credit|image\ credit|foto|bild|crédit\ photo|фото)\s*[:|]
    | (?:(?:an?\ )?earlier\ version|a\ version)\ of\ this\ (?:article|story|report)\b
    | except\ for\ the\ headline,?\ this\ (?:story|report|article)\b
    | only\ the\ headline\b.{0,120}\b(?:staff|feed)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# Lines about the article itself: "This story …" with what is only said of a syndicated one.
_OF_ITSELF = re.compile(
    r"""[\s*(\[•]*(?:this|the\ (?:above|following))\ (?:story|article|report|copy|content|item|news|piece|text|post|dispatch)\b.{0,200}?\b(?:
      auto-?generated|syndicated|(?:agency|wire|news)\ (?:news\ )?feed|wire\ (?:service|agency)|without\ (?:any\ )?(?:modifications?|edits|changes)
    | (?:been|was|were)\ (?:edited|created|modified)\ by|not\ (?:been\ )?(?:edited|created|modified)
    | (?:first|originally|also)\ (?:published|appeared|ran|posted)|appeared\ (?:first\ )?(?:on|in)\b|republished
    | (?:produced|published|provided|distributed|supplied)\ (?:by|from|through|via|in\ partnership)\b|(?:machine|automatically)\ translated
    )"""
    r"""|[\s*(\[]*the\ (?:story|article|report|content)\ (?:has\ been|has\ not\ been|is)\ .{0,120}?\b(?:auto-?generated|syndicated|(?:agency|wire)\ feed|without\ modifications?|by\ (?:our|\w+)\ staff)"""
    r"""|[\s*(\[]*(?:dieser|der)\ (?:artikel|text|beitrag)\ (?:wurde|ist|erschien)\ .{0,80}?\b(?:zuerst|automatisch|übernommen|dpa|redaktionell)"""
    r"""|[\s*(\[]*cet\ article\ (?:a\ été|est)\ .{0,80}?\b(?:afp|agence|automatiquement|initialement)""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTRIBUTED = re.compile(
    r".{3,200}\bcontributed (?:to )?(?:this|the) (?:report|story|article|dispatch)\b.{0,60}$"
)

_DONE = r"reporting|writing|editing|compiled|edited|written|reported|translated|translation|production|filming|graphics?|photography|additional reporting"
_CREDIT = re.compile(
    rf"(?:additional\s+|with\s+additional\s+)?(?:{_DONE})(?:\s*(?:,|and|&)\s*(?:additional\s+)?(?:{_DONE}))*\s+by\b:?\s*(?P<who>.+)",
    re.IGNORECASE,
)
_INPUTS = re.compile(
    r"(?:with|(?:mit|avec|con|com|med|met)(?=\s))\s*(?:(?:additional\s+|some\s+)?(?:inputs?|contributions?|reporting|additional reporting|files?|information|reports?|"
    r"material|assistance|agencies|agency|wires?|informaci[óo]n|informa[çc][õo]es|informations|informazioni|material|agenturen|agence|agences|agencias|agenzie)"
    r"\s*(?:from|by|of|von|der|d[eioa]l?|das?|dos|av)?\b)?\s*(?P<who>.{0,120})",
    re.IGNORECASE,
)
_UNNAMED = re.compile(
    r"with\s+(?:(?:some\s+)?inputs?\s+from\s+)?(?:(?:news|wire|other|various|local|our|multiple|the)\s+)*"
    r"(?:agenc(?:y|ies)|wires?|wire services?|correspondents?|bureaus?|reports?|inputs?|online desk|staff)(?:\s+(?:inputs?|reports?))?",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"(?:source|sources|quelle|fuente|fonte|input|inputs|इनपुट|来源|來源|источник|kaynak|via)\s*[:：-]\s*(?P<who>.{2,80})",
    re.IGNORECASE,
)
_BRACKET_AT_END = re.compile(r"[(\[（【](?P<in>[^()\[\]（）【】\n]{2,300})[)\]）】][\s.]*$")
_FIRST = re.compile(r"[\W_]*([^\W_]+)")
_SIGNS = frozenset("©ⓒ℗")
# With which any of the above begins, where it begins with one of the letters a to z: most lines need no second look.
_CREDIT_WORDS = frozenset(
    """additional with reporting writing editing compiled edited written reported translated translation production filming
    graphic graphics photography mit avec con com med met source sources quelle fuente fonte input inputs kaynak via""".split()  # noqa: SIM905  # reads better so
)
_FIRST_WORDS = (
    FIRST_WORDS
    | _CREDIT_WORDS
    | frozenset(
        """by von par por di da av af door story posted published updated author agency agencies autor autore auteur bron kilde
    källa copyright c all alle tous todos riproduzione also read see more related recommended watch listen in don must trending
    explained lesen lies mehr zum lire voir lea lee te leer ver leia veja saiba leggi lees les lue läs læs czytaj zobacz
    citește citeşte olvasta baca xem ilginizi ayrıca subscribe sign register log abonnez suscríbete suscribete suscríbe
    suscribe assine abonnieren jetzt iscriviti abone follow like join find connect download click tap get catch stay
    article continue advertisement advertorial anzeige publicité publicidad werbung share comments comment tags tag topics
    print save first last date our disclaimer support photo image picture file representational representative credit foto
    bild crédit an a earlier except only this the dieser der cet""".split()  # noqa: SIM905  # reads better so
    )
)
_CONNECT = frozenset(
    """in and at by for with avec mit con from the of our to on und and et y e i de del della di da do dos das du der den van von la le el
    al bin ibn editing additional reporting writing compiled edited written reported translated production agencies agency
    inputs input correspondent correspondents bureau staff reporter reporters desk team news service services wire wires
    feeds feed reports writer writers""".split()  # noqa: SIM905  # reads better so
)
ENDS = frozenset('.!?…:;"”’»)]。！？」』）】।॥؟۔።')  # of a sentence or paragraph
_WORDS = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")


def is_notice(line: str, *, at_head: bool) -> bool:
    """Whether a line is no part of the story; at the head of a text, who wrote it is none either."""
    first = _FIRST.match(line)
    if first is None:
        return False
    word = first[1].casefold()
    if "contributed" in line and _CONTRIBUTED.match(line) is not None:
        return True
    if word[0].isascii() and word not in _FIRST_WORDS and not _SIGNS.intersection(line[: first.start(1)]):
        return False
    return (
        (at_head and _is_byline(line))
        or _NOTICE.match(line) is not None
        or _OF_ITSELF.match(line) is not None
        or names_agencies(line)
        or (
            (not word[0].isascii() or word in _CREDIT_WORDS)
            and _credits_somebody(line.strip(" \t*_-–—•|~").strip("()[]（）【】 ."))
        )
    )


def without_last_bracket(line: str) -> str:
    """A paragraph less credits in brackets at its end: "(Reporting by …)", "(With inputs from PTI)", ". (Reuters)"."""
    while (found := _BRACKET_AT_END.search(line, max(0, len(line) - LONGEST_CREDIT))) is not None:
        inside, before = found["in"].strip(), line[: found.start()].rstrip()
        if not _credits_somebody(inside, bracketed=True) and not (
            (not before or before[-1] in ENDS) and names_agencies(inside)
        ):
            break
        line = line[: found.start()]
    return line


def names_agencies(line: str) -> bool:
    """Whether a line is the mark of agencies and nothing else: "AP", "— AFP/Reuters", "PTI SKV ABC", "--IANS int/jk"."""
    if len(line) > 80 or _AGENCY_LINE.fullmatch(line) is None:
        return False
    first = _WORDS.search(line)
    return first is not None and (not first[0].islower() or first[0].rstrip(".") in SMALL_CODES)


def _is_byline(line: str) -> bool:
    """Whether a line at the head names who wrote, and nothing else."""
    if _BYLINE_MARK.match(line) is not None:
        return True
    found = _BYLINE.match(line)
    return found is not None and _names_only(found["who"])


def _credits_somebody(words: str, *, bracketed: bool = False) -> bool:
    """Whether words are a credit: "Reporting by Ann Lee in Oslo; Editing by Bo Ek", "With inputs from agencies"."""
    for pattern in (_CREDIT, _INPUTS, _SOURCE):
        if (found := pattern.fullmatch(words)) is not None:
            who = found["who"]
            if pattern is _CREDIT and bracketed:
                return True
            if pattern is _INPUTS and _UNNAMED.fullmatch(words) is not None:
                return True
            return _names_only(who) and (pattern is _CREDIT or _names_source(words, who))
    return False


def _names_source(words: str, who: str) -> bool:
    """Whether "with …" or "source: …" names an agency, or says outright that it is about inputs."""
    return (
        agency_of(who) is not None
        or re.search(
            r"\b(?:inputs?|agenc\w+|wires?|reporting|files|contributions?|source\w*|inform\w+|quelle|fuente|fonte|bureau)\b|इनपुट|来源|來源",
            words,
            re.IGNORECASE,
        )
        is not None
    )


def _names_only(words: str) -> bool:
    """Whether words are names with small words between them; a sentence has others, and ends."""
    if words.rstrip().endswith(("?", "!", "…")) or len(words) > 400:
        return False
    found = _WORDS.findall(re.sub(r"\S+@\S+|@\w+|https?://\S+", " ", words))
    small = [word.rstrip(".") for word in found if word[0].islower()]
    named = [word for word in small if word in SMALL_CODES]
    return len(small) - len(named) < len(found) and all(
        word in _CONNECT for word in small if word not in named
    )
