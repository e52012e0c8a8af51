"""When a new headline makes another claim, and when it is only written otherwise."""

from __future__ import annotations

import pytest

from crawler.headlines import claims_differ

SAME = [
    ("Minister resigns after protests", "Minister resigns after protests."),
    ("Minister resigns after protests", "MINISTER RESIGNS AFTER PROTESTS"),
    ("'We will fight on', says Keir Starmer", "“We will fight on,” says Keir Starmer"),
    ("AT&amp;T buys rival for $5bn", "AT&T buys rival for $5bn"),
    ("Minister  resigns\u00a0after protests", "Minister resigns after protests"),
    # names of sites
    ("Minister resigns after protests", "Minister resigns after protests - BBC News"),
    (
        "Minister resigns after protests | The Hindu",
        "Minister resigns after protests – The Hindu BusinessLine",
    ),
    ("Minister resigns after protests", "Minister resigns after protests | Reuters.com"),
    ("Minister tritt zurück", "Minister tritt zurück – DER SPIEGEL"),
    # labels
    ("LIVE: Floods in Valencia", "Floods in Valencia"),
    ("Floods in Valencia", "Floods in Valencia – live updates"),
    ("Floods in Valencia", "Updated: Floods in Valencia"),
    ("Floods in Valencia (updated)", "Floods in Valencia"),
    ("UPDATE 1-Fed raises rates by 25 basis points", "UPDATE 3-Fed raises rates by 25 basis points"),
    ("Fed raises rates by 25 basis points", "WRAPUP 2-Fed raises rates by 25 basis points"),
    ("Court hears tariff case", "BREAKING: Court hears tariff case"),
    ("Court hears tariff case", "Exclusive | Court hears tariff case"),
    ("El Gobierno aprueba la ley de vivienda", "Última hora: El Gobierno aprueba la ley de vivienda"),
    ("Inondations à Valence", "EN DIRECT. Inondations à Valence"),
    ("Überschwemmung in Valencia", "Eilmeldung: Überschwemmung in Valencia"),
    # spelling and typing
    ("Labour organises strike at harbour", "Labor organizes strike at harbor"),
    ("Goverment approves budget", "Government approves budget"),
    ("Minsiter resigns after protests", "Minister resigns after protests"),
    ("Ceasefire holds in Gaza", "Cease-fire holds in Gaza"),
    ("Kiev under attack", "Kyiv under attack"),
    ("Le ministre démissionne", "Le ministre demissionne"),
    ("Grossbritannien verlässt die EU", "Großbritannien verlässt die EU"),
    ("Zürcher Kantonsrat stimmt zu", "Zuercher Kantonsrat stimmt zu"),
    ("Zelensky visits Berlin", "Zelenskyy visits Berlin"),
    ("U.S. hosuing completions fell 0.2 pct in January", "US housing completions fell 0.2 pct in Jan"),
    ("Rexnord <REX> to sell railway unit", "Rexnord to sell railway unit"),
    ("Tata Motors (NSE: TTMT) to cut jobs", "Tata Motors to cut jobs"),
    # order and form of the words
    ("In Delhi, fire kills 12", "Fire kills 12 in Delhi"),
    ("Fire kills 12 in Delhi", "12 killed in Delhi fire"),
    ("US and India sign trade deal", "U.S., India sign trade deal"),
    ("US, India sign trade deal", "India and US sign trade deal"),
    ("12 dead in Delhi blaze", "Twelve killed in Delhi fire"),
    ("Oil price rises 5%", "Oil prices rose 5 per cent"),
    ("Company to invest $500 bn", "Company to invest $500 billion"),
    ("Company to invest $500 billion", "Company to invest US$500bn"),
    ("Firm spends 2.48 billion euros", "Firm spends €2.5bn"),
    ("Population reaches 1,400,000", "Population reaches 1.4 million"),
    ("PM Modi visits Japan", "Prime Minister Modi visits Japan"),
    ("PM Modi visits Japan", "PM Narendra Modi visits Japan"),
    ("Regierung erhöht Steuern", "Regierung erhöhte die Steuern"),
    ("Zwölf Tote bei Brand in Köln", "Brand in Köln: 12 Tote"),
    ("Doce muertos en un incendio en Lima", "Incendio en Lima: 12 muertos"),
    # shortened
    ("Minister resigns after bribery scandal, PM accepts", "Minister resigns after bribery scandal"),
    ("Minister resigns, says he did not take money", "Minister resigns"),
    ("12 killed, 40 injured as fire sweeps through Delhi factory", "12 killed in Delhi factory fire"),
    ("Delhi court rejects bail plea of activist", "Court rejects bail plea"),
    # a word more that adds no claim
    ("Court rejects bail plea", "Delhi court rejects bail plea"),
    ("Minister resigns after protests", "Minister resigns after protests: report"),
    # other scripts
    ("美国,宣布对华加征关税", "美国宣布对华加征关税！"),
    ("【更新】美国宣布对华加征关税", "美国宣布对华加征关税"),
    ("台風１０号が九州に上陸", "台風10号が九州に上陸"),
    ("Суд отклонил апелляцию", "Суд отклонил апелляцию — РБК"),
    ("दिल्ली में आग से 12 की मौत", "दिल्ली में आग से १२ की मौत"),
    ("مقتل ١٢ في حريق بدلهي", "مقتل 12 في حريق بدلهي"),
    ("美国宣布对华商品加征新一轮关税", "美国宣布对华商品加征新一轮关税_新浪财经新闻网"),
    ("台風１０号が九州に上陸し停電が続く", "台風10号が九州に上陸し停電が続く - 朝日新聞デジタル"),
    ("", "Minister resigns"),
    ("Minister resigns", ""),
]

OTHER = [
    # turned around
    ("Minister will resign", "Minister will not resign"),
    ("Minister won't resign over scandal", "Minister will resign"),
    ("Minister did not take money, court finds", "Minister did take money, court finds"),
    ("Minister took bribes", "Minister denies he took bribes"),
    ("Regierung plant Steuererhöhung", "Regierung plant keine Steuererhöhung"),
    ("Le gouvernement va démissionner", "Le gouvernement ne va pas démissionner"),
    ("El ministro no dimite", "El ministro dimite"),
    ("O ministro renuncia ao cargo", "O ministro não renuncia ao cargo"),
    ("Il ministro si dimette", "Il ministro non si dimette"),
    ("Суд признал его виновным", "Суд не признал его виновным"),
    ("मंत्री इस्तीफा देंगे", "मंत्री इस्तीफा नहीं देंगे"),
    ("الوزير يستقيل من منصبه", "الوزير لن يستقيل من منصبه"),
    ("日本政府は増税する", "日本政府は増税しない"),
    # weakened, or made certain
    ("Minister may resign", "Minister resigns"),
    ("Police arrest alleged killer", "Police arrest killer"),
    ("Minister könnte zurücktreten", "Minister tritt zurück"),
    # another actor
    ("Iran says it hit the ship", "Iraq says it hit the ship"),
    ("Police say suspect was armed", "Army says suspect was armed"),
    ("Court believes accuser", "Court believes accused"),
    ("Niger expels ambassador", "Nigeria expels ambassador"),
    ("Austria wins bid for games", "Australia wins bid for games"),
    ("India beat Australia in final", "Australia beat India in final"),
    ("Macron trifft Scholz in Berlin", "Macron trifft Merz in Berlin"),
    # another deed
    ("Fed raises rates", "Fed cuts rates"),
    ("Minister denies bribery", "Minister admits bribery"),
    ("Court rejects appeal", "Court accepts appeal"),
    ("Exports increase in May", "Exports decrease in May"),
    ("India bans rice exports", "India bans rice imports"),
    ("Club hires coach", "Club fires coach"),
    ("Court calls strike legal", "Court calls strike illegal"),
    ("Parliament adopts bill", "Parliament adapts bill"),
    ("Regierung erhöht Steuern", "Regierung senkt Steuern"),
    ("La Bourse de Paris monte", "La Bourse de Paris baisse"),
    ("El Gobierno sube los impuestos", "El Gobierno baja los impuestos"),
    ("美国宣布加征关税", "美国宣布取消关税"),
    ("沪指上涨2%", "沪指下跌2%"),
    ("삼성전자 인수 확정", "삼성전자 인수 철회"),
    # another number
    ("12 killed in Delhi fire", "15 killed in Delhi fire"),
    ("Twelve killed in Delhi fire", "15 dead in Delhi fire"),
    ("Company to invest $500 bn", "Company to invest $300 bn"),
    ("Company to invest $500 million", "Company to invest $500 billion"),
    ("Inflation at 5.2%", "Inflation at 5.7%"),
    ("Summit begins on 12 May", "Summit begins on 15 May"),
    ("Summit begins on 12 May", "Summit begins on 12 June"),
    ("India win 2-1", "India win 3-1"),
    ("Several killed in Delhi fire", "12 killed in Delhi fire"),
    ("Fire in Mumbai factory", "Fire in Mumbai factory kills five"),
    ("Zwölf Tote bei Brand in Köln", "15 Tote bei Brand in Köln"),
    ("Un incendie fait douze morts à Lyon", "Un incendie fait quinze morts à Lyon"),
    ("दिल्ली में आग से 12 की मौत", "दिल्ली में आग से 15 की मौत"),
    ("北京火灾致12人死亡", "北京火灾致15人死亡"),
    # another story
    ("Minister resigns after protests", "Storm closes ports in the south"),
    ("Court hears tariff case", "Court hears tariff case, strikes down levy on steel imports"),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_a_headline_written_otherwise_is_no_change(before: str, after: str) -> None:
    """Punctuation, case, labels, names of sites, spelling, typing, order of words, and what is left out."""
    assert not claims_differ(before, after)


@pytest.mark.parametrize(("before", "after"), OTHER)
def test_another_claim_is_a_change(before: str, after: str) -> None:
    """What is turned around, weakened or made certain, done by another, or counted anew."""
    assert claims_differ(before, after)
