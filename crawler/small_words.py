"""Small words of many languages: which carry no claim, which turn one around, which weaken it. Data.

Only the words of headlines that matter for comparing two of them; no list is meant to be complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from crawler.flat import flat


def _words(text: str) -> frozenset[str]:
    return frozenset(flat(text).split())


# Words without a claim of their own, folded: lower case, no accents. The languages of most news; they also tell which
# language a text is in.
EMPTY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            "a an the of in on at to for from by with and or as is are was were be been being has have had do does"
            " did it its this that these those he she they his her their we our you your i my after before over under"
            " amid about into up out than then there here who which what when where how why will would can shall"
            " also just more most very so but if while during near between against within per via now new latest"
            " following since again still yet all some any other another"
        ),
        "de": _words(
            "der die das den dem des ein eine einen einem einer eines und oder in im an am auf zu zum zur von vom mit"
            " bei nach vor fur uber unter aus als ist sind war waren sein wird werden wurde wurden hat haben hatte er"
            " sie es ihr ihre ihren wir sich auch noch nun so wie was wer wo wenn dass durch gegen um bis seit ab"
            " nur schon mehr neue neuen neuer jetzt"
        ),
        "fr": _words(
            "le la les l un une des du de d et ou a au aux en dans sur sous pour par avec est sont etait etaient ete"
            " etre ont ce cette ces il elle ils elles son sa ses leur leurs se s qui que qu quoi dont ou plus"
            " apres avant depuis entre vers chez comme mais si tout tous toute nouveau nouvelle contre"
        ),
        "es": _words(
            "el la los las un una unos unas de del al a y e o u en con por para sin sobre entre hasta desde tras ante"
            " es son era fue fueron ser ha han habia se su sus lo le les que quien como cuando donde mas muy ya esta"
            " este estos estas nuevo nueva contra"
        ),
        "it": _words(
            "il lo la i gli le l un uno una di del dello della dei degli delle da dal dalla in nel nella nei a al alla"
            " ai alle con su sul sulla per tra fra e ed o che chi come quando dove e sono era fu stato stata ha hanno"
            " si suo sua suoi sue dopo prima ma se piu ancora nuovo nuova contro"
        ),
        "pt": _words(
            "o a os as um uma uns umas de do da dos das em no na nos nas ao aos por pelo pela para com e ou que quem"
            " como quando onde e sao era foi foram ser ha tem se seu sua seus suas apos antes entre ate mas mais muito"
            " ja novo nova contra sobre"
        ),
        "nl": _words(
            "de het een van in op aan te ten ter voor door met bij na naar uit over onder en of als is zijn was waren"
            " wordt werd heeft hebben had er hij zij ze zijn haar hun dat die dit deze wat wie waar om tot nog al ook"
            " tegen meer nieuwe nu"
        ),
        "pl": _words(
            "w we z ze na do od po za o i oraz a lub jest sa byl byla bylo by sie jego jej ich to ten ta dla"
        ),
        "sv": _words(
            "en ett den det de och i pa av for till med fran som ar var har hade blir blev att om efter vid ut upp sa han"
            " hon vi sin sitt sina nu an nar hur dar har mot under over mellan ny nytt nya fler mer kan ska"
        ),
        "da": _words(
            "en et den det de og i pa af av for til med fra som er var har hadde blir blev at om efter etter ved ud ut op"
            " opp der han hun vi sin sine na nar hvor mot mod under over ny nye nytt mer kan skal"
        ),
        "tr": _words("ve ile bir bu icin de da ki olarak oldu olan gibi daha en sonra once kadar"),
        "id": _words(
            "di ke dari dan yang untuk dengan pada ini itu akan telah sudah oleh dalam atau juga adalah"
        ),
        "ru": _words(
            "в во на с со из от до по за о об и а или что как это его ее их для при после был была были"
        ),
        "hi": _words("में के की का को से ने पर और है हैं था थे थी कि यह वह एक इस उस भी तक बाद लिए"),
        "ar": _words("في من على إلى الى عن مع و أو او أن ان التي الذي هذا هذه بعد قبل كان"),
    }
)

# Words that turn a claim around. Those of scripts that no other language shares stand under "".
AGAINST: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            "not no never none nobody nothing neither nor without cannot non deny denies denied denying denial unlikely"
            " false fake hoax refuses refused refuse stops fails failed fail"
        ),
        "de": _words(
            "nicht kein keine keinen keinem keiner keines nie niemals ohne weder niemand nichts dementiert dementieren"
            " bestreitet"
        ),
        "fr": _words("ne n pas non jamais aucun aucune sans ni rien personne dement nie"),
        "es": _words(
            "no nunca jamas ningun ninguna ninguno sin ni nadie nada niega niegan desmiente descarta"
        ),
        "it": _words("non no mai nessun nessuno nessuna senza ne nulla niente nega smentisce"),
        "pt": _words("nao nunca jamais nenhum nenhuma sem nem ninguem nada nega desmente"),
        "nl": _words("niet geen nooit zonder niemand niets noch ontkent"),
        "pl": _words("nie nigdy bez zaden zadna zadne nikt nic zaprzecza"),
        "sv": _words("inte ej aldrig ingen inget inga utan nekar"),
        "da": _words("ikke ej aldri aldrig ingen intet uten uden nekter afviser"),
        "tr": _words("degil yok hayir asla hic yalanladi"),
        "id": _words("tidak bukan belum tanpa jangan bantah membantah"),
        "": _words(
            "не нет ни никогда без отрицает опроверг опровергла опровергли ні немає नहीं नही न ना मत बिना इनकार"
            " لا لم لن ليس ليست بدون دون ينفي نفى تنفي نفت نہیں نہ না নয় নেই לא אין בלי δεν μη όχι χωρίς"
        ),
    }
)

# Words that make a claim less than certain, or that of somebody.
PERHAPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            "may might could should alleged allegedly reportedly likely possible possibly considers considering mulls"
            " weighs plans planning seeks set expected suspected rumoured rumored if would"
        ),
        "de": _words(
            "konnte konnten soll sollen sollte angeblich mutmaßlich mutmasslich womoglich wohl offenbar will"
        ),
        "fr": _words("pourrait pourraient serait aurait peut presume presumee envisage"),
        "es": _words("podria podrian puede presunto presunta supuesto supuesta quiza"),
        "it": _words("potrebbe potrebbero sarebbe avrebbe forse presunto presunta"),
        "pt": _words("pode podera poderia suposto suposta talvez"),
        "nl": _words("kan zou mogelijk vermoedelijk wellicht misschien"),
        "": _words("может возможно якобы संभव शायद قد ربما"),
    }
)

# Written for each other, and no other claim: folded words, a set a line. Of a set with a phrase, see `headlines`.
SAME: Mapping[str, tuple[frozenset[str], ...]] = MappingProxyType(
    {
        "en": tuple(
            map(
                _words,
                (
                    "kill kills killed killing dead die dies died death deaths dying toll fatalities slain",
                    "injure injures injured hurt wounded wounds injuries",
                    "fire blaze inferno",
                    "quake earthquake temblor",
                    "blast explosion explodes explode exploded",
                    "rise rises rose risen rising climb climbs climbed increase increases increased grow grows grew grown",
                    "raise raises raised hike hikes hiked lift lifts lifted",
                    "jump jumps jumped surge surges surged soar soars soared",
                    "fall falls fell fallen falling drop drops dropped decline declines declined",
                    "slump slumps slumped plunge plunges plunged tumble tumbles tumbled",
                    "cut cuts cutting slash slashes slashed reduce reduces reduced trim trims trimmed",
                    "say says said saying tell tells told states stated report reports reported announces announced",
                    "win wins won winning",
                    "lose loses lost losing",
                    "take takes took taken taking",
                    "hold holds held holding",
                    "strike strikes struck striking",
                    "seek seeks sought seeking",
                    "leave leaves left leaving",
                    "give gives gave given",
                    "go goes went gone going",
                    "make makes made making",
                    "see sees saw seen",
                    "begin begins began begun start starts started launch launches launched",
                    "come comes came coming",
                    "build builds built building",
                    "send sends sent",
                    "pay pays paid",
                    "lead leads led",
                    "meet meets met meeting",
                    "find finds found",
                    "buy buys bought",
                    "sell sells sold",
                    "quit quits resign resigns resigned resignation",
                    "back backs backed support supports supported",
                    "probe probes investigation investigate investigates investigating inquiry",
                    "firm firms company companies",
                    "child children kid kids",
                    "police cops",
                    "woman women",
                    "man men",
                    "court judge",
                    "kyiv kiev",
                    "china chinese",
                    "japan japanese",
                    "france french",
                    "germany german",
                    "israel israeli",
                    "iran iranian",
                    "talk talks negotiations",
                    "pact deal agreement accord",
                    "us usa america american",
                    "uk britain british",
                    "eu european",
                    "govt government",
                    "pm premier",
                ),
            )
        ),
        "de": tuple(
            map(
                _words,
                (
                    "tote toten tot getotet sterben stirbt gestorben todesopfer",
                    "brand feuer",
                    "steigt steigen stieg gestiegen",
                    "sinkt sinken sank gesunken",
                    "sagt sagte sagen",
                    "verletzte verletzten verletzt",
                ),
            )
        ),
        "fr": tuple(map(_words, ("mort morts tue tues tuees meurt meurent deces victimes", "feu incendie"))),
        "es": tuple(
            map(
                _words, ("muerto muertos muere mueren murieron fallecidos fallece fallecen", "fuego incendio")
            )
        ),
    }
)

# Phrases that are written in one word as often, and what adds nothing to a figure.
PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(phrase, re.IGNORECASE), short)
    for phrase, short in (
        (r"\b(?:ca)n['’]t\b", "can not"),
        (r"\bwon['’]t\b", "will not"),
        (r"(?<=[a-z])n['’]t\b", " not"),
        (r"\bcannot\b", "can not"),
        (r"(?<=\w)['’]s\b", ""),
        (r"\bprime[ -]minister(?:in)?\b", "PM"),
        (r"\bunited states\b", "US"),
        (r"\bu\.s\.(?:a\.)?(?!\w)", "US"),
        (r"\bunited kingdom\b", "UK"),
        (r"\bu\.k\.(?!\w)", "UK"),
        (r"\beuropean union\b", "EU"),
        (r"\be\.u\.(?!\w)", "EU"),
        (r"\bu\.n\.(?!\w)", "UN"),
        (r"\bunited nations\b", "UN"),
        (r"\b(?:at least|more than|over|about|around|nearly|almost|some|up to) (?=\d)", ""),
        (
            r"\b(?:mindestens|rund|etwa|uber|au moins|environ|plus de|al menos|unos|mas de|almeno|circa) (?=\d)",
            "",
        ),
    )
)
