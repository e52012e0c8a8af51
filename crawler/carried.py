"""Whether what a feed carries of an article is all of it. Pure."""

from __future__ import annotations

import re

ENOUGH_TEXT = 1_500  # characters of a feed's own text from which it may be the whole article

_TAIL = 160  # characters at the end in which an invitation to read on is looked for
_LONG = 80  # characters of a paragraph that is surely running text, not a name or a caption
_ENDED = 3  # long paragraphs that end with a sentence, before one that does not is taken for cut
# WordPress signs excerpts and whole texts alike, below whatever it cut.
_SIGNED = re.compile(
    r"""\s*(?:
        The\ post\ .{1,300}\ (?:appeared\ first|first\ appeared)\ on
      | Der\ Beitrag\ .{1,300}\ erschien\ zuerst\ auf
      | L['’]article\ .{1,300}\ est\ apparu\ en\ premier\ sur
      | (?:La\ entrada|El\ cargo)\ .{1,300}\ (?:se\ public[oó]|apareci[oó]|aparece)\ primero\ en
      | O\ post\ .{1,300}\ apareceu\ primeiro\ em
      | L['’]articolo\ .{1,300}\ proviene\ da
      | Het\ bericht\ .{1,300}\ verscheen\ eerst\ op
    )\s.{1,150}$""",
    re.DOTALL | re.VERBOSE,
)
_DOTS = re.compile(
    r"(?:…|\.\.\.|\[\s*(?:…|\.{2,}|\+)\s*\]|\(\s*(?:…|\.{3})\s*\)|\[\+\d+ chars\])[\s\]\)»>›→.]*$"
)
_READ_ON = re.compile(
    r"""(?:
      \b(?:
        (?:read|see|view)\s+(?:more\b|(?:the\s+)?(?:full|whole|rest|complete|entire)\b) | read\s+on\b
      | (?:continue|keep)\s+reading | reading\s+continues | full\s+(?:story|article|text)\b
      | click\s+here\s+(?:to|for) | more\s*(?:»|›|>>|→)
      | weiterlesen | mehr\s+lesen | lesen\s+sie\s+(?:mehr|weiter) | den\s+ganzen\s+artikel
      | lire\s+(?:la\s+suite|plus|l['’]article) | en\s+savoir\s+plus
      | (?:leer|seguir)\s+(?:m[aá]s|leyendo) | continuar\s+leyendo | sigue\s+leyendo
      | (?:leia|ler|saiba)\s+mais | continue?\s+lendo
      | (?:leggi|continua)\s+(?:tutto|di\s+pi[uù]|a\s+leggere|la\s+lettura|l['’]articolo)
      | lees\s+(?:meer|verder) | l[aä]s\s+mer | les\s+(?:mer|mere) | l[aæ]s\s+mere | lue\s+lis[aä][aä]
      | czytaj\s+(?:dalej|wi[eę]cej) | [cč][ií]st\s+d[aá]le | devam[ıi]n[ıi]\s+oku
      | читать\s+(?:далее|дальше|полностью) | читайте\s+далі | читати\s+далі
      )
    | आगे\s*पढ़ें | और\s*पढ़ें | বিস্তারিত\s*পড়ুন | আরও\s*পড়ুন | اقرأ\s*المزيد | ادامه\s*مطلب | קרא\s*עוד
    | 続きを読む | もっと見る | 続きは | 阅读全文 | 阅读更多 | 閱讀全文 | 閱讀更多 | 查看更多 | 더\s*보기
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_MID_SENTENCE = re.compile(r"(?:^|\s)[^\W\d_][\w'’-]*,?\s*$")  # a plain word; no address, number or sign
_SENTENCE_END = re.compile(r"[.!?…。！？।॥؟۔։።:;][\"'“”’»›)\]\s]*$")


def carries_all(text: str) -> bool:
    """Whether `text`, as a feed gave it with paragraphs by blank lines, is the whole article as far as can be told.

    At least 1,500 characters and no sign of a cut: dots at the end, an invitation to read on, a last paragraph that
    breaks off where the others end their sentence. Whether a shorter text is whole cannot be told.
    """
    return len(text) >= ENOUGH_TEXT and not is_cut(text)


def is_cut(text: str) -> bool:
    """Whether a text ends like one that goes on elsewhere. A whole one that ends so is taken for cut, too."""
    end = _SIGNED.sub("", text[-1_000:]).rstrip()
    return bool(_DOTS.search(end) or _READ_ON.search(end[-_TAIL:])) or _breaks_off(text)


def _breaks_off(text: str) -> bool:
    """Whether the last paragraph stops in a sentence although all other long ones end with one."""
    long = [part for part in re.split(r"\n\s*\n", text.strip()) if len(part) >= _LONG]
    if len(long) <= _ENDED or not text.rstrip().endswith(long[-1].rstrip()):
        return False
    return bool(_MID_SENTENCE.search(long[-1])) and all(_SENTENCE_END.search(part) for part in long[:-1])
