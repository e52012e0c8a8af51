"""Words by which publishers announce what is not their story, in the languages of the sources."""

from __future__ import annotations

import re

_ALSO = (
    # English
    r"read (?:more|also|next|on|this|the full (?:story|article))(?: (?:on|about|from|here|at|in))?|(?:also|must|further) read(?:ing)?|see (?:also|more)|"
    r"related(?: (?:articles?|stories|story|posts?|content|coverage|links?|topics?|news|reading|items?|videos?|to this (?:story|topic)))?|"
    r"more great .{2,30} stories|more (?:[A-Z]{2,} )?(?:on|from|stories|news|like this|in this|about)(?: (?:this|the|our|that))?(?: (?:story|topic|section|series))?|you (?:may|might|could|will|['’]ll)(?: also)? (?:like|love|enjoy|be interested in)|"
    r"recommended(?: (?:for you|reading|stories|articles))?|don['’]t miss|most (?:read|popular|viewed|shared)|trending(?: now| stories)?|(?:explore|read|learn) further|"
    r"what to read next|keep reading|continue reading|up next|next (?:article|story|up)|previous (?:article|story)|you may also like|popular (?:now|posts|stories|articles)|"
    r"latest (?:news|stories|posts|articles)|watch(?: more| also| now)|editors?['’]?s? (?:picks?|choice)|other (?:stories|news|articles)|top stories|"
    # German
    r"auch interessant|lesen sie (?:auch|hier|mehr|dazu|weiter)(?: (?:auch|dazu|mehr))?|lies (?:auch|hier|mehr|dazu)|(?:hier|jetzt|auch) (?:weiter)?lesen|"
    r"mehr (?:zu[mr] .{2,25}|dazu|lesen|artikel|themen|infos?(?:rmationen)?|von|aus|über|auf|kolumnen|news|nachrichten)|weitere (?:artikel|themen|beiträge|nachrichten|news|meldungen|informationen|infos|links)(?: (?:zum thema|aus|zu|von))?|"
    r"das könnte (?:sie|dich|euch) (?:auch )?interessieren|(?:passend|mehr|lesen sie|lesetipps?) (?:dazu|zum thema)|zum thema|siehe auch|meistgelesen\w*|meist gelesen|top-?themen(?: bei .{2,30})?|"
    r"ähnliche (?:artikel|beiträge|themen)|verwandte (?:artikel|themen|beiträge)|(?:lese-?)?empfehlung(?:en)?|unsere empfehlungen|weiterlesen|lesetipps?|"
    # French
    r"(?:à|a) (?:lire|voir|écouter|découvrir)(?: (?:aussi|également|ensuite|sur le sujet))?|(?:lire|voir|lisez)(?: (?:aussi|également|la suite|plus|notre (?:article|dossier)))|vous aimerez(?: peut-être)? aussi|"
    r"(?:(?:audios?|vidéos?|articles?|dossiers?)(?: et [^\W\d]+)? )?sur le (?:même )?(?:sujet|thème)|articles? (?:liés|similaires|connexes|associés|recommandés|récents)|plus d['’](?:articles|actualités|infos?)|dans la même (?:rubrique|catégorie)|pour aller plus loin|"
    # Spanish
    r"(?:también )?(?:lea|lee|leer|vea|ve|mira|mire|ver)(?: (?:también|además|aquí|más|aún más|la nota))|también (?:te puede interesar|puedes leer|lea|lee)|(?:te|le|les) (?:puede|podría|pueden|podrían|recomendamos)(?: (?:también )?(?:interesar|leer))?|puede[s]? (?:ver|leer|interesarte)|"
    r"te recomendamos|más (?:noticias|sobre|información|contenido|leídas|vistas|leído|en .{2,25})|(?:noticias?|temas?|artículos?|contenidos?|notas?) relacionad[oa]s?|relacionad[oa]s?|no te pierdas|sigue leyendo|lo más (?:leído|visto)|"
    # Italian
    r"(?:leggi|guarda|vedi|scopri) (?:anche|pure|tutto)|(?:potrebbe(?:ro)?|ti potrebbe(?:ro)?)(?: anche)? interessar[et]i?|articoli (?:correlati|simili|recenti)|per approfondire|altri articoli|notizie correlate|"
    # Portuguese
    r"(?:leia|veja|confira|assista)(?: (?:também|mais|ainda|a matéria))|saiba mais(?: sobre)?|mais (?:lidas|notícias|sobre)|(?:notícias|conteúdos?|matérias?|artigos?) relacionad[oa]s?|você (?:pode|também pode)(?: também)? gostar|"
    # Dutch
    r"lees (?:ook|meer|verder|hier)|meer (?:over|nieuws|lezen|van|artikelen)|gerelateerde?(?: artikelen)?|(?:zie|bekijk) ook|"
    # Polish, Czech
    r"(?:czytaj|przeczytaj|zobacz|sprawdź|oglądaj) (?:też|także|również|więcej|dalej|koniecznie)|polecamy(?: także)?|powiązane(?: artykuły)?|więcej (?:na ten temat|na temat|o)|čtěte (?:také|též|více)|"
    # Swedish, Norwegian, Danish, Finnish
    r"läs (?:också|mer|även|vidare)|les (?:også|mer|videre)|læs (?:også|mere|videre)|se (?:också|også|även)|relatera(?:de|t|rt)(?: artik\w+)?|mer (?:om|från|fra)|lue (?:myös|lisää)|"
    # Russian, Ukrainian, Turkish, Greek
    r"читайте (?:также|ещё|еще|далее|на тему)|(?:смотрите|см\.) также|по теме|подробнее|другие новости|читайте також|(?:ilgili|diğer) haberler|ayrıca (?:oku|bak)\w*|διαβάστε (?:επίσης|ακόμη|και)|"
    # Hindi, Japanese, Chinese, Korean, Arabic
    r"(?:यह|ये|इसे|इन्हें) भी (?:पढ़ें|पढ़ें|देखें)|और पढ़ें|संबंधित खबरें|関連(?:記事|リンク|ニュース)|あわせて読みたい|続きを読む|相关(?:阅读|新闻|文章|推荐|报道)|延伸阅读|推荐阅读|相關(?:閱讀|新聞|文章)|延伸閱讀|관련 ?기사|اقرأ (?:أيضا|أيضًا|المزيد)"
)  # fmt: skip
READ_ALSO = re.compile(rf"\W{{0,4}}(?:{_ALSO})(?!\w)", re.IGNORECASE)
READ_ALSO_LABEL = re.compile(
    rf"\W{{0,4}}(?:{_ALSO})(?: (?:you|for you|articles|artikel))?\s*[:.…!>»→|]*", re.IGNORECASE
)
READ_ALSO_LINE = re.compile(rf"\W{{0,4}}(?:{_ALSO})\s*(?:[:|>»→–—]|-\s|https?:)", re.IGNORECASE)

# A word that is in every text the pattern beside it finds, in lower case, and the pattern: most texts hold none of them.
_OFFERS = (
    ("sign", r"sign(?:ing)? up (?:for|to|here|now|today)\b.{0,80}(?:newsletters?|e-?mails?|alerts?|updates|inbox|daily)|sign up here(?:\W|\Z)"),
    ("subscri", r"subscribe (?:now|today|here|to (?:our|the|my|this|receive|get)|for (?:only|as little as))|first-time subscribers|"
     r"(?:please|to) (?:view|read|continue|see)\b.{0,40}subscribe|you(?:['’]re| are) already a subscriber"),
    ("newsletter", r"(?:our|free|daily|weekly|morning) (?:e-?mail )?newsletters?\b.{0,60}(?:sign|subscri|inbox|here|delivered)|newsletter (?:anmelden|abonnieren|bestellen)|"
     r"(?:zum|unseren|den|kostenlosen) newsletter|(?:inscrivez-vous|abonnez-vous|s['’]inscrire|recevez|suscr[ií]b\w+|reg[ií]strate|recibe|ricevi|assine|inscreva-se|receba|zapisz się)\b.{0,80}newsletter"),
    ("get ", r"get .{2,60} (?:delivered )?(?:straight )?(?:in|to|on) your (?:inbox|phone|e-?mail)"),
    ("never miss", r"never miss (?:a|an|the) (?:story|post|update|thing|latest)"),
    ("already", r"already (?:a|have an?) (?:member|subscriber|account|subscription)"),
    ("log in", r"(?:please|to) (?:view|read|continue|see)\b.{0,40}log in"),
    ("register", r"(?:please|to) (?:view|read|continue|see)\b.{0,40}register|register here(?:\W|\Z)"),
    ("become a", r"become a (?:member|subscriber|supporter|patron)"),
    (" us ", r"(?:follow|like|join|find) us (?:on|at)\b|(?:please )?(?:support|join) us (?:for only|for as little|by)"),
    ("follow ", r"follow .{2,40} on (?:twitter|facebook|instagram|x|linkedin|telegram|whatsapp|youtube)\b|follow .{2,20} full coverage"),
    ("app", r"download (?:the|our) .{0,40}\bapps?\b|(?:click|tap) here\b.{0,60}\bapp\b"),
    ("this", r"(?:share|tweet) this (?:article|story|post|page)|like this (?:story|article)\?"),
    ("want to hear", r"we want to hear (?:what you think|from you)"),
    ("letter", r"submit a letter to the editor"),
    ("tip", r"(?:send|e-?mail) (?:us )?(?:your )?(?:news )?tips? to|do you have a (?:story|tip)"),
    ("support", r"support (?:our|independent) (?:work|journalism)"),
    ("thank", r"thank(?:s| you) for (?:signing|subscribing)"),
    ("jetzt", r"jetzt (?:kostenlos )?(?:abonnieren|anmelden|registrieren|probelesen)"),
    ("uns", r"(?:folgen?|folgt|abonnieren?) (?:sie |du )?uns (?:auf|bei|jetzt|auch)|unterstütze(?:n sie)? (?:uns|unsere?n?)\b.{0,20} (?:mit|ab) \d"),
    ("unterstütze", r"unterstütze(?:n sie)? \w+\b.{0,20} (?:mit|ab) \d"),
    ("weiterlesen", r"mit .{2,30}\+ weiterlesen"),
    ("bereits", r"bereits (?:abonnent|registriert)"),
    ("abonn", r"abonnez-vous\b.{0,60}(?:lettre|infos?|actualités|alertes|chaîne)|je m['’]abonne|déjà abonné"),
    ("inscri", r"(?:inscrivez-vous|s['’]inscrire)\b.{0,60}(?:lettre|infos?|actualités|alertes|chaîne)"),
    ("recevez", r"recevez\b.{0,60}(?:lettre|infos?|actualités|alertes)"),
    ("suivez", r"suivez-nous"),
    ("suscr", r"suscr[ií]b(?:ete|ase|irse)\b.{0,80}(?:bolet[ií]n|correo|canal|noticias|whatsapp|telegram)"),
    ("strate", r"reg[ií]strate\b.{0,80}(?:bolet[ií]n|correo|canal|noticias)"),
    ("recibe", r"recibe\b.{0,80}(?:bolet[ií]n|correo|whatsapp|telegram)"),
    ("únete", r"únete\b.{0,80}(?:canal|whatsapp|telegram|comunidad)"),
    ("gue", r"s[ií]gue(?:nos| a .{2,30}) (?:en|a través)"),
    ("síganos", r"síganos"),
    ("iscriviti", r"iscriviti (?:alla|a|al)\b"),
    ("seguici", r"seguici (?:su|anche)"),
    ("assine", r"assine\b.{0,60}(?:canal|notícias|e-?mail)"),
    ("inscreva", r"inscreva-se\b.{0,60}(?:canal|notícias|e-?mail)"),
    ("siga", r"siga-nos|siga (?:o|a|nos|nas) .{2,30} (?:no|na|nas|nos) "),
    ("receba", r"receba\b.{0,60}(?:notícias|e-?mail|whatsapp)"),
    ("nieuwsbrief", r"(?:schrijf je in|meld je aan)\b.{0,40}nieuwsbrief"),
    ("volg ons", r"volg ons (?:op|via)"),
    (" nas", r"(?:śledź|obserwuj|dołącz do) nas"),
    ("brev", r"(?:prenumerera|anmäl dig|meld deg|tilmeld dig)\b.{0,40}(?:nyhetsbrev|nyhedsbrev)"),
    ("подпи", r"подпи(?:шитесь|сывайтесь)"),
    ("हमें", r"हमें .{0,40}(?:फॉलो|सब्सक्राइब)"),
)  # fmt: skip
_CONSENTS = (
    ("inhalt", r"(?:externe[rn]?|eingebettete[rn]?|redaktionelle[rn]?) inhalte?\b.{0,200}(?:anzeig|lad|zustimm|akzeptier|einwillig|datenschutz|cookies|finden sie|findest)|"
     r"(?:zustimmung|einwilligung)\b.{0,80}inhalte? (?:zu )?(?:laden|anzuzeigen)"),
    ("cookie", r"(?:zustimmung|einwilligung)\b.{0,80}cookies|(?:we|this (?:site|website|page)) uses? cookies|accept (?:all )?cookies|"
     r"(?:ce|cet|ces) (?:contenus?|site|vidéos?)\b.{0,80}cookies|(?:acepta|aceptas|utilizamos|usamos|aceita) .{0,30}cookies|(?:utilizziamo|accetta) .{0,30}cookie"),
    ("privatsphäre", r"(?:respektieren|schätzen) (?:deine|ihre) privatsphäre"),
    ("content", r"(?:third[- ]party|external) content\b.{0,120}(?:cookies|consent|accept|privacy)"),
    ("by ", r"by (?:signing up|subscribing|clicking|submitting|registering)\b.{0,60}(?:agree|accept|consent)"),
    ("recaptcha", r"(?:site|page|form) is protected by recaptcha"),
    ("consentement", r"(?:ce|cet|ces) (?:contenus?|site|vidéos?)\b.{0,80}consentement"),
    ("javascript", r"enable javascript|requires javascript|javascript (?:is disabled|aktivier|muss)"),
    ("browser", r"browser (?:does not|doesn['’]t) support|(?:please )?(?:update|upgrade) (?:your|to a (?:modern|newer)) browser"),
)  # fmt: skip
_Stems = tuple[tuple[str, re.Pattern[str]], ...]
_OFFER: _Stems = tuple((stem, re.compile(pattern, re.IGNORECASE)) for stem, pattern in _OFFERS)
_CONSENT: _Stems = tuple((stem, re.compile(pattern, re.IGNORECASE)) for stem, pattern in _CONSENTS)


def is_offer(text: str) -> bool:
    """Whether a line asks its readers to subscribe, to follow or to write."""
    return _holds(text, _OFFER)


def is_consent(text: str) -> bool:
    """Whether a line asks for consent, or says what a browser must be able to do."""
    return _holds(text, _CONSENT)


def _holds(text: str, stems: _Stems) -> bool:
    lowered = text.lower()
    return any(stem in lowered and pattern.search(text) is not None for stem, pattern in stems)


RIGHTS = re.compile(
    r"\W{0,3}(?:©|\(c\) ?\d{4}|copyright\b(?! (?:law|act|case|holder|infring|claim|protect|rule|reform|office|suit))|all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|"
    r"todos os direitos|tutti i diritti|wszelkie prawa|все права|alle rechten|lizenziert unter|licensed under|republish (?:this|our)|reprinted with permission|this (?:article|story|post) (?:was|is|first|originally) (?:originally |first )?(?:published|appeared))",
    re.IGNORECASE,
)
CREDIT = re.compile(
    r"\W{0,3}(?:(?:photo|foto|image|imagen|immagine|bild|picture|zdjęcie|fot|crédits?(?: photos?)?|credits?|illustration|grafik|graphic|symbolbild|image source|bildquelle|photo credit|picture credit|foto de|créditos)s?"
    r"\s*[:/©]|(?:photo|foto|image|picture|illustration)s? (?:by|courtesy|von|credit)\b|getty images?\b|shutterstock\b|image illustrative|image d['’]illustration|"
    r"(?:afp|reuters|dpa|ap photo|pap|epa|efe|ansa|ap|imago|picture alliance)(?:\s*[/|].{0,40})?\W*\Z|via getty\b)",
    re.IGNORECASE,
)
CREDIT_END = re.compile(
    r"(?:[(\[/|•©]|\bfoto[: ]|\bfot\.|\bphotos?[: ]|\bbild[: ]|\bimage[: ])\s*[^.!?]{0,50}\b(?:getty|reuters|afp|shutterstock|dpa|imago|alamy|andina|ap photo|istock|unsplash|pixabay|pexels|wikimedia|epa|efe|public domain|domena publiczna)\b[^.!?]{0,30}\W*\Z"
    r"|\.\s*(?:foto|photo|fot\.|bild|crédito|credit)\s*:\s*[^.!?]{2,50}\Z",
    re.IGNORECASE,
)
BYLINE = re.compile(
    r"\W{0,3}(?:(?:by|von|par|por|di|door|av|af|autor(?:in|a)?|authors?|text|redaktion|redacción|written by|reported by|posted by|published by|escrito por|publicado por|scritto da)\b:?\s+(?=[A-ZÀ-ÞŁŚŻ@])[^.!?]*\Z|"
    r"(?:first )?(?:published|updated|posted|last (?:updated|modified)|veröffentlicht|aktualisiert|erstellt|publié|mis à jour|modifié|publicado|actualizado|pubblicato|aggiornato|opublikowano|aktualizacja|publicerad|uppdaterad|publisert|oppdatert|gepubliceerd|"
    r"опубликовано|обновлено|stand)\b\s*[:|]?\s*.{0,40}\d|\d{1,3}\s*(?:min(?:uten?|utes|uti|utos)?\.?)\s*(?:read|lesezeit|de lecture|de lectura|lettura|leestijd)?\W*\Z|(?:lesezeit|lesedauer|reading time|tiempo de lectura|temps de lecture)\b)",
    re.IGNORECASE,
)  # fmt: skip
DATE = re.compile(
    r"\W*(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,.]?\s+)?(?:\d{1,2}(?:st|nd|rd|th|er)?[.\s/-]+(?:de\s+)?[^\W\d_]{3,12}[.,]?\s+(?:de\s+)?\d{4}|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}|\d{1,4}[./-]\d{1,2}[./-]\d{2,4})"
    r"(?:\W*(?:at|um|à|a las|kl|às|o|-)?\W*\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?\s*(?:uhr|h|am|pm|[a-z]{2,4})?)?\W*",
    re.IGNORECASE,
)
CONTROL = re.compile(
    r"\W*(?:advertisements?|anzeige|werbung|publicité|publicidad|pubblicità|reklama|annons|annonse|реклама|share(?: (?:this|on|via)(?: (?:facebook|twitter|article|story|post|page|whatsapp|email|e-mail))?)?|teilen|partager|compartir|condividi|compartilhar|delen|udostępnij|"
    r"tweet|pin(?: it)?|e-?mail|print|drucken|imprimer|imprimir|stampa|whatsapp|facebook|twitter|linkedin|telegram|instagram|youtube|copy link|link kopieren|loading|laden|next|previous|weiter|zurück|suivant|précédent|"
    r"(?:click|tap) (?:here|to (?:enlarge|expand|zoom|play))(?: .{0,20})?|enlarge(?: this)? image|vergrößern|close|schließen|fermer|cerrar|play|pause|mute|listen(?: to (?:this )?article)?|(?:artikel )?(?:anhören|vorlesen)|save|merken|"
    r"(?:permalien|permalink)(?: https?:\S+)?|(?:https?://)?(?:[a-z0-9-]+\.){1,3}(?:com|net|org|info|de|fr|es|it|co|uk|in|news|pl|br|pt|nl)(?:/\S*)?|pdf|back to top|nach oben|skip to .{2,20}|advertisement - .{2,30}|story continues below(?: advertisement)?|article continues (?:below|after).{0,25}|the post .{3,200} (?:appeared first|first appeared) on .{2,60}|continua a leggere.{0,30})\W*",
    re.IGNORECASE,
)
_COMMENTS = (
    r"(?:\d+ )?(?:reader )?comments?(?: ?\(\d+\)| \d+)?(?: are closed| section)?|(?:leave|post|add|write) (?:a|your) (?:comment|reply|response)(?: .{0,20})?|join the (?:conversation|discussion)|"
    r"(?:\d+ )?(?:leser-?)?kommentare?(?: ?\(\d+\))?|(?:einen )?kommentar(?:e)? (?:schreiben|verfassen|hinterlassen|abgeben)|schreibe einen kommentar.{0,20}|kommentieren|"
    r"(?:\d+ )?commentaires?(?: ?\(\d+\))?|(?:laisser|ajouter|écrire) un commentaire|réagir|(?:\d+ )?comentarios?(?: ?\(\d+\))?|(?:deja|añade|escribe) (?:un|tu) comentario|(?:\d+ )?commenti|lascia un commento|"
    r"(?:\d+ )?comentários|deixe (?:um|seu) comentário|reacties|(?:\d+ )?komentarze|dodaj komentarz|kommentarer|комментарии|टिप्पणियां|コメント|评论"
)
_AUTHOR = r"(?:presse|medien)?kontakt:?|(?:press|media|news media) contacts?:?|contacts? (?:presse|médias?):?|about (?:the )?(?:author|writer|contributor)s?|meet the author|(?:über|zu) (?:den|die|der|dem) (?:autor(?:in|en)?|verfasser)|zum autor|zur autorin|à propos de l['’]auteur|(?:sobre|acerca de) (?:el|la|o|a) autora?|l['’]autore|sull['’]autore|over de auteur|o autorze|om författaren"
END = re.compile(rf"\W*(?:{_COMMENTS}|{_AUTHOR}|(?:view|see|show) (?:all )?comments?)\W*", re.IGNORECASE)
TAIL_LABEL = re.compile(
    r"\W*(?:tags?|topics?|filed (?:under|in)|posted in|categor(?:y|ies)|keywords?|labels?|schlagw[oö]rter|schlagworte|stichw[oö]rter|themen|kategorien?|mots[- ]clés|sujets?|étiquettes|thèmes?|temas?|etiquetas?|categorías?|"
    r"palabras clave|tag|argomenti|categorie|tópicos|assuntos|onderwerpen|tagi|tematy|ämnen|emner|теги|темы|source|sources|quellen?|fuentes?|fonte|via|kontakt|contacts?|pressekontakt|ansprechpartner(?:in)?|"
    r"share|teilen|autor(?:in)?|author|by|von|redaktion|read more|mehr)\s*(?:[:|]|\W*\Z)",
    re.IGNORECASE,
)
TAIL_LINE = re.compile(
    r"\W*(?:(?:tags?|topics|filed under|posted in|categories|schlagw[oö]rter|mots-clés|etiquetas|temas|tagi|kategorien)\s*:|-?ends-?\W*\Z|this (?:article|story|post|page) (?:was|is|has been) (?:last )?(?:updated|published|written|produced|translated|tagged|filed)|"
    r"(?:disclaimer|disclosure)\s*:|(?:editor['’]?s? note|correction)\s*:(?=.{0,120}(?:updated|newsletter|contact))|dieser (?:eintrag|beitrag|artikel) (?:wurde|ist)|(?:with|additional) (?:reporting|files|contributions?) (?:by|from)|reporting by|.{3,90}contributed (?:reporting|to this (?:report|story|article))|first published\b|"
    r"\(?(?:reporting|editing|writing|compiled) by|for (?:more|further) information,? (?:visit|contact|see|go)|(?:contact|write to|email) (?:the|us|our|me)\b|(?:e-?mail|tel|phone|fax)\.?\s*:|quelle\s*:|"
    r"(?:click|tap) here|see more|view (?:all|more)|load more|show more|mehr anzeigen|ver más|voir plus|zur (?:startseite|übersicht|themenseite))",
    re.IGNORECASE,
)
WHO = re.compile(
    r"\W{0,4}(?:\([^)]{1,40}\)\W{0,3})?(?:is|was|are|has|have|writes|covers|works|reports|joined|studied|serves|lives|currently|ist|war|sind|schreibt|arbeitet|hat|studierte|berichtet|est|a été|écrit|es|fue|escribe|estudió|è|scrive|é|"
    r"jest|är|er|,? (?:phd|md|jd|senior|staff|chief|editor|reporter|professor|journalist|redakteur\w*|journaliste?|correspondent))\b",
    re.IGNORECASE,
)
