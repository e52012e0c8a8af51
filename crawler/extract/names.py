"""What the class and id of an element say that it is."""

from __future__ import annotations

import re
from functools import lru_cache

# Whole names, or their last words: "c-article__related", "related". In lower case, words parted by "-".
_LAST = {
    "comment": "comments? commentlist comment-list comment-section comment-area comments-area comment-thread disqus-thread respond kommentare comentarios",
    "related": "related related-(?:articles?|posts?|stories|content|links?|news|topics?|items?|coverage|reads?|videos?) recommendations? recommended read-more "
    "readmore read-also read-next see-also more-(?:on|from|stories|news|articles|posts|links|like-this) also-(?:read|like) most-(?:read|popular|viewed|recent|shared) "
    "popular trending teasers? similar relacionad[ao]s? verwandte promos? suggestions? crosslinks? up-next (?:next|prev|previous)-(?:article|post|story) "
    "top-?stories linkbox link-list taboola outbrain yarpp-related recent-posts recirc(?:ulation)? latest-news",
    "offer": "newsletter newsletter-(?:signup|form|box|promo|teaser|widget|block|subscribe) subscribe subscriptions? signup sign-up donate donation "
    "upsell cta call-to-action membership optin mc-embed-signup support-us",
    "share": "share shares sharing share-?(?:bar|buttons?|links?|tools|icons?|box) social social-?(?:bar|buttons?|links?|media|icons?|share|sharing|list) sharedaddy "
    "sociable addtoany addthis follow-us follow jp-post-flair star-?rating post-ratings? button btn buttons toolbar likes? tools print",
    "author": "(?:about-)?(?:the-)?author-?(?:bio|box|info|card|desc(?:ription)?|profile|details?|meta|block|area|section|about|name|image|avatar|link|wrap)? authors about-author "
    "about-the-author bio biography autor autoren autorenbox contributors? writer vcard",
    "byline": "byline bylines meta post-meta entry-meta article-meta metadata meta-(?:data|info|bar) dateline timestamp date datum post-date entry-date article-date "
    "publish(?:ed)? publish(?:ed)?-date pub-?date posted-on reading-time read-time post-info article-info article-infos copyright image-source submitted credits? "
    "photo-credits? image-credits? source-info updated",
    "tags": "tags tag-?(?:list|links|cloud|box) tagcloud tagged cat-links categories keywords topics topic-list breadcrumbs? bread-crumbs? breadcrumb-trail",
    "navigation": "nav navi navigation navbar menu submenu pagination pager paging page-?(?:links|nav|numbers) page-navigation post-navigation skip-?links? masthead "
    "site-header topbar top-bar toc table-of-contents ez-toc-container toc-container jump-links search-form searchform search-box",
    "ad": "ads? advert advertisement advertising adsense adsbygoogle sponsored sponsor banner banners anzeige anzeigen publicidad publicite ad-(?:slot|unit|container|wrapper|label|box)",
    "footer": "footer site-info disclaimer disclosure impressum imprint colophon",
    "caption": "caption captions wp-caption wp-caption-text image-(?:caption|meta|desc(?:ription)?) img-caption photo-caption media-caption figcaption bildunterschrift "
    "bildtext legende slideshow gallery carousel slider lightbox",
    "aside": "sidebar side-bar aside rail right-rail widget widgets widget-area textwidget drawer off-canvas infobox poll quiz feedback",
    "dialog": "modal popup pop-up overlay tooltip login login-form register cookie-?(?:bar|banner|notice|consent|law-info-bar)? cookies notice alert notification notifications",
    "hidden": "hidden hide visually-hidden visuallyhidden screen-reader-text screen-reader-only sr-only assistive-text noprint no-print",
}  # fmt: skip
# Names that begin so: "related-box-3".
_FIRST = {
    "comment": "comments?-(?!body) disqus",
    "related": "related- recommend(?:ed|ation)?- recirc outbrain taboola read-more- read-also- more-(?:from|on|stories|news)- jp-related yarpp promo- teaser- most-(?:read|popular)",
    "offer": "newsletter- subscri(?:be|ption)- signup- mailchimp mc4wp donat(?:e|ion)- cta-",
    "share": "share- social- sharing- addtoany addthis a2a- print-",
    "author": "author- about-author authorbox",
    "byline": "byline- meta- post-meta- entry-meta-",
    "tags": "tags- tag-list breadcrumbs?-",
    "navigation": "nav- navbar- menu- pagination- toc- ez-toc",
    "ad": "ad-(?!just|apt|d|min) ads- advert google-ad dfp sponsor- div-gpt banner-",
    "footer": "footer-",
    "caption": "caption- wp-caption-",
    "aside": "sidebar- widget-",
    "dialog": "modal- popup- cookie- cookies- cky- cmplz- login-",
    "hidden": "akismet screen-reader-",
}  # fmt: skip
_KIND = re.compile(
    "|".join(
        f"(?P<{kind}>(?:[a-z0-9]+-)*?(?:{'|'.join(_LAST[kind].split())})(?:-(?:container|wrapper|wrap|inner|outer|block|box|area|section|module|list|item|content|holder|row|\\d+))*"
        f"|(?:{'|'.join(_FIRST[kind].split())})[a-z0-9-]*)\\Z"
        for kind in _LAST
    )
)
_STORY = re.compile(
    r"(?:[a-z0-9]+-)*?(?:"
    r"(?:article|post|entry|story|single|news|blog|art|artikel|beitrag|node|noticia|nota)-?(?:body|content|text|bodytext|copy|maintext|inhalt)(?:-?text)?|"
    r"(?:body|full|main)-?(?:text|copy)|fulltext|field-name-body|(?:text|content)-body|rich-?text(?:-body)?|body-content|postarea|post-bodycopy|"
    r"cuerpo(?:-(?:nota|noticia|articulo))?|corpo|mw-parser-output|prose|e-content|storytext"
    r")(?:-(?:container|wrapper|wrap|inner|outer|main|section|area|block|\d+))*\Z|(?:text|texto|texte)\Z"
)
# Names that begin so tell how a page is laid out, or where its site files it.
_LAYOUT = re.compile(
    r"(?:has|no|with|without|is|category|cat|tag|type|format|status|term|elementor|wpb|vc|et-pb|col|grid|row|avada|"
    r"fusion|tdi|tdb)-"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")
MAX_WORD = 60  # characters; a longer name is made by a machine
MAX_NAMES = 12
MAX_NAME = 400  # characters of all the names of an element


def kind_of(name: str) -> tuple[str, str]:
    """(what an element with this class and id is besides the story, "named" where it is said to hold the story).

    The first is "" where the name says nothing, else one of "comment", "related", "offer", "share", "author",
    "byline", "tags", "navigation", "ad", "footer", "caption", "aside", "dialog" and "hidden".
    """
    return _of_words(name[:MAX_NAME])


@lru_cache(maxsize=16_384)
def _of_words(name: str) -> tuple[str, str]:
    kind = story = ""
    for word in name.split()[:MAX_NAMES]:
        one, other = _of_word(word)
        kind = kind or one
        story = story or other
    return kind, story


@lru_cache(maxsize=32_768)
def _of_word(word: str) -> tuple[str, str]:
    if len(word) > MAX_WORD:
        return "", ""
    word = _NO_WORD.sub("-", _CAMEL.sub("-", word).lower()).strip("-")
    story = "named" if _STORY.match(word) else ""
    if story or _LAYOUT.match(word):
        return "", story
    found = _KIND.match(word)
    return (found.lastgroup or "" if found else ""), story
