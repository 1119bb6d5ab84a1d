"""What stands in an article and is not of it: bylines, datelines, captions, "read more", notices.

Pure. A page's reader has taken off menus and frames already; what is left comes between the
paragraphs, is short, and says the same on every page: a profile would take it for the story.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

# What is longer is a paragraph, whatever it begins with.
LONGEST_NOTICE = 240
LONGEST_BYLINE = 90
# A line without an end of a sentence is a heading or a link, unless it is as long as a sentence.
LEAST_SENTENCE = 60

_END = regex.compile(r"[.!?…。！？؟।։።][\"'”’»)\]]*$")

# Lines that begin so lead away from the article, or are about the page.
_LEADS_AWAY = regex.compile(
    r"^\W*(?:"
    r"read (?:more|also|next|the full)|also read|see also|related(?: (?:articles?|stories|topics))?\b"
    r"|more on this|more from|most (?:read|popular|viewed)|recommended|you (?:may|might) also like"
    r"|click here|tap here|sign up|subscribe|log ?in|register|follow us|share (?:this|on)|advert"
    r"|listen to|watch:|watch the|video:|photos?:|image:|picture:|caption|credit:|source:|copyright"
    r"|©|all rights reserved|continue reading|this article (?:was|is|has been)|comments?\b(?: \(|:|$)"
    r"|lesen sie (?:auch|mehr)|mehr zum thema|auch interessant|weiterlesen|anzeige\b|quelle:|foto:"
    r"|newsletter|jetzt (?:abonnieren|anmelden)"
    r"|czytaj (?:też|także|więcej|dalej)|zobacz (?:też|także|również)|przeczytaj|polecamy|reklama\b"
    r"|fot\.|źródło:|zdjęcie:"
    r"|leia (?:mais|também)|veja (?:também|mais)|saiba mais|publicidade\b|fonte:|assine|inscreva-se"
    r"|lea (?:también|más)|lee (?:también|más)|ver también|le puede interesar|publicidad\b|fuente:"
    r"|suscríb|lire (?:aussi|plus)|à lire|voir aussi|publicité\b|source :|abonnez|inscrivez"
    r"|leggi anche|pubblicità\b|fonte:|iscriviti|lees ook|lees meer|advertentie\b"
    r"|читайте (?:также|ещё|еще|далее)|смотрите также|подробнее|реклама\b|фото:|источник:|подпи(?:шитесь|сывайтесь)"
    r"|читайте також|дивіться також|джерело:|підпи(?:шіться|суйтесь)"
    r"|soma (?:zaidi|pia)|tazama pia|tangazo\b|chanzo:|picha:|jisajili|jiunge"
    r"|اقرأ (?:أيضا|أيضاً|المزيد|ايضا)|شاهد أيضا|إعلان\b|المصدر:|اشترك|קראו (?:גם|עוד)|לקריאה נוספת|פרסומת\b|צילום:"
    r"|延伸阅读|相关(?:阅读|新闻|报道)|推荐阅读|点击(?:查看|阅读)|责任编辑|编辑[:：]|来源[:：]|广告$|更多(?:新闻|阅读)"
    r"|関連記事|続きを読む|あわせて読みたい|広告$|写真[:：]"
    r"|ilgili haber|devamını oku|reklam\b|läs (?:också|mer)|les også|læs også|lue myös|olvassa el|citește și"
    r")",
    regex.IGNORECASE,
)

# Words of which a short paragraph is about cookies, payment or the browser.
_NOTICE = regex.compile(
    r"\bcookies?\b|\bgdpr\b|\bjavascript\b|ad.?blocker|privacy (?:policy|settings)|terms of (?:use|service)"
    r"|your (?:browser|subscription|free articles?|consent)|subscribers? only|to continue reading|free trial"
    r"|already a subscriber|unlimited access|our newsletter|push notifications"
    r"|datenschutz|einwilligung|nur für abonnenten|zum weiterlesen|probeabo"
    r"|ciastecz|pliki cookies|polityk\w+ prywatności|dla prenumeratorów|subskrypcj"
    r"|política de privacidade|política de privacidad|assinantes|suscriptores|réservé aux abonnés|vos données"
    r"|файл\w* cookie|только для подписчиков|vidakuzi|ملفات تعريف الارتباط|עוגיות|使用cookie|订阅后|登录后",
    regex.IGNORECASE,
)

# `By Jane Doe`, `Von Max Muster`: a short line of names behind such a word.
_BYLINE = regex.compile(
    r"^(?:by|von|par|por|door|di|av|af|oleh|na|tekst|text|autor(?:a|ka|ka)?|author|reported by|written by"
    r"|автор|текст|бюро|كتب|بقلم|תאריך|מאת|作者|记者|文)\s*[:：/]?\s+?\p{L}[^.!?]{1,70}$",
    regex.IGNORECASE,
)
# A date or a time, and little else: when it came out.
_DATE = regex.compile(
    r"^(?:\W*(?:published|updated|posted|last (?:updated|modified)|first published|on|at|stand|veröffentlicht"
    r"|aktualisiert|opublikowano|aktualizacja|publicado|atualizado|actualizado|publié|mis à jour|опубликовано"
    r"|обновлено|imechapishwa|نشر|תאריך|发布时间|发表)\b[^.!?]{0,12})?(?:[^.!?]|(?<=\d)\.){0,30}\b(?:19|20)\d\d\b[^.!?]{0,25}$"
    r"|^\D{0,20}\d{1,2}[:.]\d{2}\D{0,20}$",
    regex.IGNORECASE,
)
# Credits in brackets or behind a mark: (Photo: AP), Foto: dpa, Reuters/Max Muster.
_CREDIT = regex.compile(
    r"(?:[\[(（]\s*|[|/–—-]\s*)?(?:photo(?:graph)?s?|foto|fot\.|picture|image|bild|imagem|imagen|фото|صورة|צילום|照片|图片|picha"
    r"|getty images|reuters|afp|epa|\bap photo)\b[^.!?]{0,80}[\])）]?$",
    regex.IGNORECASE,
)
# A dateline at the head of the first paragraph: `WARSAW, Nov 8 (Reuters) - `, `Berlin (dpa) - `,
# `NAIROBI, Kenya — `. Its place is of the story as often as not: what goes is agency and date.
_DATELINE = regex.compile(
    r"^(?P<place>\p{Lu}[\p{L}.'’ -]{1,30}(?:,\s*\p{Lu}[\p{L}.'’ ]{1,20})?)?"
    r"(?:,?\s*(?:\d{1,2}\.?\s*)?\p{L}{3,10}\.?\s*\d{0,2}(?:,?\s*\d{4})?)?"
    r"\s*[(（][\p{L}\p{N}.,/ -]{2,24}[)）]\s*[-–—:]{1,2}\s+"
)


def article_paragraphs(paragraphs: Iterable[str], title: str) -> list[str]:
    """Give the paragraphs that tell the story, in order, without repeated ones and the title.

    >>> article_paragraphs(["By Jane Doe", "WARSAW (Reuters) - Guards came to the border.",
    ...                     "Read more: Ten tips", "We use cookies on this site."], "Guards came")
    ['Guards came to the border.']
    """
    kept: list[str] = []
    known = {title.casefold()}
    for paragraph in paragraphs:
        text = paragraph.strip().lstrip("-•*▪►» ").strip()
        if text.casefold() in known or is_furniture(text, at_start=len(kept) < 2):
            continue
        known.add(text.casefold())
        kept.append(without_dateline(text) if not kept else text)
    return _without_tail(kept)


def is_furniture(text: str, *, at_start: bool) -> bool:
    """Say whether a paragraph is not of the article; bylines and dates stand near its start."""
    if not any(sign.isalpha() for sign in text):
        return True
    if len(text) > LONGEST_NOTICE:
        return False
    if _LEADS_AWAY.match(text) or _NOTICE.search(text) or "http" in text[:12]:
        return True
    if len(text) > LONGEST_BYLINE:
        return False
    ends = _END.search(text) is not None
    if not ends and (_CREDIT.search(text) or _DATE.match(text)):
        return True
    return at_start and not ends and _BYLINE.match(text) is not None


def without_dateline(text: str) -> str:
    """Take agency and date off the head of a paragraph.

    >>> without_dateline("NAIROBI, Nov 8 (Reuters) - Rain fell."), without_dateline("Rain (much) fell.")
    ('Rain fell.', 'Rain (much) fell.')
    """
    found = _DATELINE.match(text)
    return text[found.end() :] if found else text


def _without_tail(paragraphs: Sequence[str]) -> list[str]:
    """Let go of the headings and links behind the last whole sentence."""
    kept = list(paragraphs)
    while kept and len(kept[-1]) < LEAST_SENTENCE and not _END.search(kept[-1]):
        kept.pop()
    return kept or list(paragraphs)
