"""Notices by which an outlet says that it changed what it had published: corrections, clarifications, retractions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crawler.flat import composed, flat

LONGEST = 900  # characters of a paragraph that may be a notice
SHOWN = 160  # characters of one that are told
LEAST = 4  # words that a notice has beside its label


def _pattern(text: str) -> str:
    """A pattern whose letters of other scripts are as `flat` writes them; those of ours are already."""
    return re.sub(r"[^\x00-\x7f]+", lambda found: flat(found.group()), text)


# Labels: what stands alone or before a colon, a dash or a date.
_LABELS = (
    r"corrections?(?: and clarifications?)?|corrections? appended|clarifications?|corrected|retraction|retracted|errat(?:um|a)"
    r"|editor['s]{0,2} note|editors['s]{0,2} note|note to (?:readers|editors)|amendment|errata corrige"
    r"|korrektur(?:hinweis)?|berichtigung|richtigstellung|klarstellung|gegendarstellung|anm(?:erkung|\.) der redaktion"
    r"|rectificatif|rectification|precision|note de la redaction|ndlr|demande de rectification"
    r"|correccion(?:es)?|fe de err(?:ores|atas)|rectificacion|aclaracion|nota (?:de la redaccion|del editor|de redaccion|aclaratoria)"
    r"|rettifica|correzione|precisazione|nota (?:della redazione|dell'editore)"
    r"|correcao|errata|erramos|retificacao|nota da redacao|esclarecimento"
    r"|correctie|rectificatie|noot van de redactie|verduidelijking"
    r"|rattelse|fortydligande|rettelse|presisering|berigtigelse|oikaisu"
    r"|sprostowanie|korekta|erratum|oprava|helyreigazitas|erata"
    r"|duzeltme|tekzip|editorun notu|koreksi|ralat|klarifikasi|catatan redaksi|dinh chinh"
    r"|исправление|исправлено|уточнение|поправка|опровержение|от редакции|примечание редакции|виправлення|спростування"
    r"|تصحيح|تصويب|توضيح|ملاحظة المحرر|استدراك|תיקון|הבהרה|اصلاح|تصحیح|διορθωση"
    r"|सुधार|भूल सुधार|संशोधन|स्पष्टीकरण|शुद्धिपत्र|संपादक की टिप्पणी|সংশোধনী|திருத்தம்"
    r"|更正(?:启事|啟事|声明)?|勘误|勘誤|澄清(?:启事|声明)|编者注|編者按|编者按|訂正(?:とお詫び)?|お詫びと訂正|おわびと訂正|編集部注|修正"
    r"|정정|정정보도|바로잡습니다|알려드립니다|편집자 ?주"
)
_LABELLED = re.compile(
    rf"^[\W_]{{0,4}}(?:{_pattern(_LABELS)})(?:[ ,]{{0,2}}(?:\(?[^\n:]{{0,30}}\d[^\n:]{{0,20}}\)?\.?))?\s{{0,2}}(?:[:|：\-–—]|\.\s)[ \W_]{{0,3}}(?P<rest>.*)$",
    re.DOTALL,
)
_ALONE = re.compile(rf"^[\W_]{{0,4}}(?:{_pattern(_LABELS)})[\W_]{{0,4}}$")
# Sentences that say so.
_SAYS = re.compile(
    _pattern(
        r"\b(?:an?|the) (?:earlier|previous|initial|original|first) (?:version|edition) of (?:this|the|our) "
        r"(?:article|story|report|post|piece|headline|obituary|column|page|analysis|interview|caption|feature|live ?blog)"
        r"|\b(?:this|the) (?:article|story|report|post|piece|headline|column|page|caption|text|copy|item) (?:has been|was|is being) "
        r"(?:\w+ )?(?:corrected|amended|retracted|withdrawn|clarified|(?:updated|edited|revised|changed) (?:\S+ ){0,12}?to (?:correct|clarify|reflect that|fix|remove))"
        r"|\b(?:corrects|fixes) (?:the |an? )?(?:\w+['s]* ){0,4}(?:error|spelling|name|date|figure|number|amount|attribution|paragraph|headline|title|day|year|age)"
        r"|^\W?(?:this|the) (?:story|version|article|item) corrects\b|^\(?(?:corrects|adds dropped|removes)\b"
        r"|\bwe (?:apologi[sz]e for (?:the|this|any) error|regret the error)|\bcorrection was made on\b|\bhas (?:retracted|withdrawn) (?:this|the) (?:article|story|report)"
        r"|\bin einer (?:fruheren|vorherigen|ersten|ursprunglichen|alteren) (?:version|fassung)|\b(?:fruhere|vorherige|ursprungliche) (?:version|fassung) dieses (?:artikels|textes|beitrags|berichts)"
        r"|\bwir haben (?:den|diesen|die) (?:artikel|text|fehler|passage|stelle) (?:\S+ ){0,6}?(?:korrigiert|berichtigt)|\bwir bitten (?:\S+ ){0,3}?fehler zu entschuldigen"
        r"|\bune (?:version|premiere version) (?:precedente|anterieure|initiale|)\s?(?:de cet article|de ce texte|de la depeche)|\bcet article a ete (?:corrige|rectifie|modifie pour corriger)"
        r"|\b(?:una|en una|la) (?:version (?:anterior|previa|inicial)|primera version) de (?:este|esta|la) (?:articulo|noticia|informacion|texto|nota)|\besta? (?:articulo|noticia|informacion) ha sido (?:corregid[oa]|rectificad[oa])"
        r"|\b(?:una|in una) (?:versione (?:precedente|iniziale)|prima versione) di questo (?:articolo|testo)|\bquesto articolo e stato corretto"
        r"|\b(?:uma|na|em uma|numa) (?:versao (?:anterior|inicial|original)|primeira versao) (?:deste|desta|do|da) (?:texto|reportagem|artigo|materia|noticia)|\beste (?:texto|artigo) foi corrigido"
        r"|\b(?:in )?een (?:eerdere|vorige) versie van dit (?:artikel|bericht|stuk|verhaal)|\bi en (?:tidigare|tidligere) (?:version|versjon|udgave|utgave) av? "
        r"|\bwe wczesniejszej wersji|\bdaha onceki (?:surumunde|versiyonunda)|\bonceki (?:surumunde|versiyonunda)|\bdalam versi sebelumnya|\bversi sebelumnya dari (?:artikel|berita)"
        r"|в (?:предыдущей|более ранней|первоначальной|ранней) версии|в (?:попередній|ранішій) версії|نسخة (?:سابقة|أولى) من هذ[اه]|इस (?:लेख|खबर|रिपोर्ट) के (?:पिछले|पहले) संस्करण"
        r"|本文(?:的)?(?:早前|此前|先前|较早|較早|初始)(?:的)?版本|(?:此前|早前)(?:的)?报道(?:有误|中)|この記事の以前の|当初の記事で|誤りでした|이 기사의 이전 (?:버전|판)|앞선 기사에서"
    )
)
_HEADLINE = re.compile(
    _pattern(
        r"^\W{0,2}(?:corrected|correction|retracted|retraction|korrektur|korrigiert|rectificatif|correccion|correcao|更正|訂正|정정|исправлено) ?[:|\-\])】]"
    )
    + r"|[\[(](?:corrected|correction|retracted|korrigiert|corrige|corregido|corrigido)[\])]\s*$"
)


def notices(text: str) -> tuple[str, ...]:
    """The notices in a text, each one line, in their order."""
    return tuple(_notices([part.strip() for part in composed(text).split("\n") if part.strip()]))


def is_marked(headline: str) -> bool:
    """Whether a headline says of itself that it was corrected."""
    return _HEADLINE.search(flat(headline.strip())) is not None


def _notices(paragraphs: Sequence[str]) -> Iterator[str]:
    following = [*paragraphs[1:], ""]
    for paragraph, after in zip(paragraphs, following, strict=False):
        plain = flat(paragraph[:LONGEST])
        if _ALONE.match(plain):
            if _is_sentence(after):
                yield _line(f"{paragraph} {after}")
            continue
        labelled = _LABELLED.match(plain)
        if labelled is not None and _is_sentence(labelled.group("rest")):
            yield _line(paragraph)
            continue
        said = _SAYS.search(plain)
        if said is not None:
            yield _line(paragraph[_sentence_start(paragraph, said.start()) :])


def _is_sentence(text: str) -> bool:
    """Whether it is long enough to say what was wrong; in scripts without spaces by its characters."""
    words = len(text.split())
    is_ended = text.rstrip(" )]\"'”»").endswith((".", "!", "?", "。", "।", "؟"))
    return words >= (LEAST if is_ended else 2 * LEAST) or (
        words < LEAST and not text.isascii() and len(text) >= 8
    )


def _sentence_start(paragraph: str, at: int) -> int:
    ends = [found.end() for found in re.finditer(r"[.!?。！？]\s*", paragraph[:at])]
    return ends[-1] if ends else 0


def _line(text: str) -> str:
    return " ".join(text.split())
