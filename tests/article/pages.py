"""Twenty-two article pages of different make, written for the tests: what sites do to a text."""

from __future__ import annotations

import json
from dataclasses import dataclass

MENU = (
    '<nav id="menu"><ul><li><a href="/">Homepage</a></li><li><a href="/w">Worldnews</a></li>'
    '<li><a href="/s">Sportspage</a></li><li><a href="/h">Horoscopes</a></li></ul></nav>'
)
COOKIES = (
    '<div id="cookie-consent" class="cookie-banner"><p>We and our 812 vendors use cookies to'
    " personalise advertisements. You can withdraw your consent whenever you like.</p>"
    "<button>Accept all cookies</button></div>"
)
FOOT = (
    "<footer><p>Imprint | Privacy policy | Careers</p><p>© 2026 Harbourpress. All rights"
    " reserved.</p></footer>"
)
# None of these may be a term of a profile: they are of menus, notices, comments and boxes.
STRAY = frozenset(
    [
        "homepage",
        "worldnews",
        "sportspage",
        "horoscopes",
        "cookies",
        "cookie",
        "vendors",
        "consent",
        "imprint",
        "careers",
        "newsletter",
        "advertisement",
        "casserole",
        "subscribe",
        "javascript",
        "janedoe",
        "trolling",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, and what is right about it."""

    name: str
    body: bytes
    title: str
    lang: str
    # What must be in the text, from its beginning and its end.
    has: tuple[str, ...]
    content_type: str = "text/html; charset=utf-8"


FERRY = (
    "A ferry with 214 people on board ran aground off Mombasa on Monday night after its engines"
    " failed in heavy seas, Kenya's maritime authority said.",
    "Coast guard boats took off all passengers by morning. Nine were treated for broken bones and"
    " exposure at a hospital in Likoni, and the captain was questioned by investigators.",
    "The Kenya Ferries Services had been warned in March that the vessel's cooling pumps were worn."
    " A spokesman said that spare parts had been ordered but were held up at the port.",
    "Some 300,000 people cross the Likoni channel each day. A bridge has been promised since 2019,"
    " and engineers from Japan finished its design last year.",
)
DAM = (
    "Engineers at the Oroville reservoir opened the spillway on Friday after a week of rain lifted"
    " the lake to within two metres of its crest.",
    "About 4,000 people in Feather River valley were told to be ready to leave. Officials said that"
    " the dam itself was sound and that the release would last until Sunday.",
    "In 2017 the spillway broke apart and 188,000 people fled their homes. Repairs cost 1.1 billion"
    " dollars, and inspectors have walked its concrete every month since.",
    "Meteorologists expect another storm from the Pacific next week, which would bring snow to the"
    " Sierra Nevada and rain to the foothills below.",
)
TEXTS = {
    "de": (
        "Hochwasser an der Elbe: Dresden schließt die Altstadt",
        "Die Stadt Dresden hat am Mittwoch die Altstadt für den Verkehr gesperrt, weil die Elbe"
        " schneller steigt als erwartet. Der Pegel erreichte am Nachmittag sechs Meter.",
        "Feuerwehr und Technisches Hilfswerk legten Sandsäcke vor der Semperoper und am"
        " Terrassenufer aus. Die Staatsregierung in Sachsen rief den Katastrophenfall für drei"
        " Landkreise aus.",
        "In Tschechien waren am Vortag mehrere Dörfer überflutet worden. Der Scheitel soll Dresden"
        " in der Nacht zum Freitag erreichen, teilte das Landeshochwasserzentrum mit.",
    ),
    "pl": (
        "Straż Graniczna zamknęła przejście w Kuźnicy",
        "Straż Graniczna zamknęła we wtorek przejście graniczne w Kuźnicy po tym, jak kilkuset"
        " migrantów zebrało się po białoruskiej stronie granicy.",
        "Rzeczniczka Straży Granicznej powiedziała, że w nocy próbowano sforsować ogrodzenie w"
        " trzech miejscach. Użyto gazu łzawiącego, nikt nie został ranny.",
        "Polska oskarża Białoruś o kierowanie migrantów na granicę. Premier zwołał posiedzenie"
        " rządu, a Litwa ogłosiła stan wyjątkowy w pasie przygranicznym.",
    ),
    "pt": (
        "Barragem em Minas Gerais é esvaziada após alerta de ruptura",
        "A mineradora começou nesta quinta-feira a esvaziar a barragem de Itabirito, em Minas"
        " Gerais, depois que sensores mostraram um deslocamento de dois centímetros no talude.",
        "Cerca de 1.200 moradores foram retirados de casa durante a madrugada. A Defesa Civil abriu"
        " um abrigo no ginásio municipal e pediu doações de água.",
        "Em 2019, o rompimento em Brumadinho matou 270 pessoas. O Ministério Público informou que"
        " vai investigar se a empresa ignorou avisos de seus engenheiros.",
    ),
    "sw": (
        "Mafuriko yasababisha vifo vya watu kumi Tana River",
        "Watu kumi wamefariki dunia baada ya mafuriko kukumba vijiji vya kaunti ya Tana River"
        " nchini Kenya usiku wa kuamkia Jumanne, polisi walisema.",
        "Mto Tana ulivunja kingo zake kufuatia mvua kubwa iliyonyesha kwa siku tatu mfululizo."
        " Zaidi ya familia mia tano zimehamishwa hadi kwenye shule na makanisa.",
        "Serikali ya Kenya imetuma helikopta mbili za jeshi kusaidia uokoaji. Shirika la Msalaba"
        " Mwekundu limesema chakula na maji safi vinahitajika haraka.",
    ),
    "ru": (
        "В Якутске из-за морозов остановили автобусы",
        "В Якутске из-за морозов ниже пятидесяти градусов остановили движение городских автобусов,"
        " сообщила мэрия в понедельник утром.",
        "Школы перешли на дистанционное обучение, а котельная на улице Дзержинского работает на"
        " пределе мощности. Две улицы остались без отопления.",
        "Спасатели открыли пункты обогрева на трассе Колыма, где за ночь заглохли десятки грузовиков."
        " Синоптики обещают потепление только к концу недели.",
    ),
    "zh": (
        "台风登陆海南文昌 数万人转移",
        "强台风星期三凌晨在海南省文昌市沿海登陆，中心附近最大风力达到十五级，当地政府转移了四万多名居民。",
        "海口美兰机场取消了全部航班，琼州海峡客运轮渡停航。电力部门表示，文昌和海口共有三十万户停电，抢修人员已经出动。",
        "气象台预计台风将穿过北部湾，星期四再次登陆越南北部。渔业部门要求所有渔船在星期五之前不得出海。",
    ),
    "ar": (
        "إغلاق ميناء اللاذقية بعد انفجار في مستودع للوقود",
        "أغلقت السلطات السورية ميناء اللاذقية يوم الثلاثاء بعد انفجار في مستودع للوقود أدى إلى مقتل سبعة"
        " عمال وإصابة أكثر من عشرين شخصا بجروح.",
        "وقال محافظ اللاذقية إن فرق الإطفاء سيطرت على الحريق بعد ثماني ساعات، وإن لجنة من المهندسين بدأت"
        " التحقيق في أسباب الانفجار.",
        "وتوقفت حركة السفن في الميناء الذي تمر عبره معظم واردات القمح. وأعلنت وزارة النقل تحويل السفن إلى"
        " ميناء طرطوس حتى إشعار آخر.",
    ),
    "he": (
        "רכבת ירדה מהפסים ליד חדרה, שלושה פצועים",
        "רכבת נוסעים ירדה מהפסים ביום ראשון בבוקר סמוך לתחנת חדרה, ושלושה נוסעים נפצעו קל ופונו לבית"
        " החולים הלל יפה.",
        "ברכבת ישראל אמרו כי הקטר התנגש במשאית שנתקעה על המסילה לאחר שהמחסום לא נסגר. התנועה בין תל אביב"
        " לחיפה הופסקה עד לשעות הערב.",
        "שרת התחבורה הורתה להקים ועדת בדיקה. ועד העובדים טען כי הנהלת החברה התעלמה מתלונות על תקלות במחסום"
        " במשך יותר משנה.",
    ),
    "fr": (
        "À Marseille, deux immeubles évacués après l'apparition de fissures",
        "Deux immeubles de la rue d'Aubagne, à Marseille, ont été évacués dans la nuit de lundi à mardi"
        " après l'apparition de fissures sur leurs façades.",
        "Les marins-pompiers ont fait sortir soixante-deux habitants, relogés dans un hôtel de la"
        " Joliette. La mairie a nommé un expert qui doit rendre son avis jeudi.",
        "En 2018, l'effondrement de deux immeubles de la même rue avait fait huit morts. Le procès des"
        " propriétaires s'est tenu à l'automne.",
    ),
    "uk": (
        "У Харкові відновили рух метро після обстрілу",
        "У Харкові в середу відновили рух метро після нічного обстрілу, який пошкодив тягову підстанцію,"
        " повідомив міський голова.",
        "Двоє людей дістали поранення, ще десятьох евакуювали з будинку на Салтівці. Рятувальники"
        " працювали до ранку.",
        "Енергетики підключили до мережі сорок тисяч споживачів. Україна просить партнерів надати"
        " більше трансформаторів до зими.",
    ),
    "es": (
        "El volcán Villarrica obliga a evacuar Pucón",
        "Las autoridades de Chile ordenaron el domingo evacuar parte de Pucón después de que el volcán"
        " Villarrica lanzara una columna de ceniza de tres kilómetros.",
        "El servicio de geología elevó la alerta a roja y cerró un radio de diez kilómetros. Unas dos mil"
        " personas pasaron la noche en escuelas de Temuco.",
        "La última gran erupción fue en marzo de 2015. Los guías de montaña pidieron ayuda al gobierno,"
        " porque la temporada de verano está perdida.",
    ),
}  # fmt: skip


def _p(paragraphs: tuple[str, ...]) -> str:
    return "".join(f"<p>{one}</p>\n" for one in paragraphs)


def _html(lang: str, head: str, body: str, attributes: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="{lang}"{attributes}><head><meta charset="utf-8">{head}</head>'
        f"<body>{body}</body></html>"
    )


def _of(lang: str) -> tuple[str, tuple[str, ...]]:
    title, *paragraphs = TEXTS[lang]
    return title, tuple(paragraphs)


def _ends(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    return (paragraphs[0][-40:].strip(), paragraphs[-1][:40].strip())


def _plain(
    name: str, lang: str, title: str, paragraphs: tuple[str, ...], html: str, **more: str
) -> Page:
    return Page(
        name=name, body=html.encode(), title=title, lang=lang, has=_ends(paragraphs), **more
    )


def _wordpress() -> Page:
    title = "Ferry runs aground off Mombasa with 214 on board"
    head = f"<title>{title} &#8211; Coast Herald</title><meta property='og:site_name' content='Coast Herald'>"
    body = (
        f'{MENU}<div id="page" class="site"><main><article id="post-4711" class="post type-post">'
        f'<header class="entry-header"><h1 class="entry-title">{title}</h1><div class="entry-meta">'
        '<span class="posted-on">March 3, 2026</span> <span class="byline">by <a>Jane Janedoe</a>'
        f'</span></div></header><div class="entry-content">{_p(FERRY)}<div class="sharedaddy">'
        "<h3>Share this:</h3><ul><li><a>Tweet</a></li></ul></div></div></article>"
        '<div id="comments" class="comments-area"><h2>2 thoughts</h2><ol class="comment-list"><li>'
        "<p>My casserole recipe is better than this trolling.</p></li></ol></div></main>"
        '<aside class="widget-area"><section class="widget"><h2>Newsletter</h2><p>Subscribe to our'
        f" newsletter for daily horoscopes.</p></section></aside></div>{FOOT}{COOKIES}"
    )
    return _plain("wordpress", "en", title, FERRY, _html("en-US", head, body))


def _blog() -> Page:
    title = "Spillway opened at Oroville"
    head = f"<title>Valley Notes: {title}</title><meta property='og:title' content='{title}'>"
    text = "<br/><br/>".join(DAM)
    body = (
        '<div class="main section"><div class="widget Blog"><div class="blog-posts hfeed">'
        f'<div class="post hentry"><h3 class="post-title entry-title">{title}</h3>'
        f'<div class="post-body entry-content">{text}</div><div class="post-footer">Posted by'
        " <span>janedoe</span> at 09:12 <a>Email This</a><a>BlogThis!</a></div></div></div></div></div>"
        '<div class="sidebar"><h2>Blog Archive</h2><ul><li><a>Casserole of the week</a></li></ul></div>'
    )
    return _plain("blog", "en", title, DAM, _html("en", head, COOKIES + body))


def _amp() -> Page:
    title, text = _of("pt")
    head = (
        f"<title>{title}</title><style amp-boilerplate>body{{x:y}}</style>"
        '<script async src="https://cdn.ampproject.org/v0.js"></script>'
    )
    body = (
        f'<amp-sidebar id="s">{MENU}</amp-sidebar><article><h1>{title}</h1><p class="author">Por Jane'
        f' Janedoe</p><amp-img src="a.jpg"></amp-img>{_p(text)}<p>Leia também: A receita de casserole'
        "</p></article><amp-consent><p>Usamos cookies.</p></amp-consent>"
    )
    return _plain("amp", "pt", title, text, _html("pt-BR", head, body, " amp"))


def _live_blog() -> Page:
    title = "Live: ferry aground off Mombasa"
    times = ("08:12", "07:40", "06:55", "06:10")
    posts = "".join(
        f'<article class="live-post"><time>{at}</time><p>{text}</p><button>Share</button></article>'
        for at, text in zip(times, FERRY, strict=True)
    )
    body = (
        f"{MENU}<main><h1>{title}</h1><p>The coast guard has taken off all of the passengers. Here is"
        f' what has happened so far.</p><div class="liveblog">{posts}</div></main>{FOOT}'
    )
    head = f"<title>{title}</title>"
    return _plain("live blog", "en", title, FERRY, _html("en", head, body))


def _tables() -> Page:
    title = "Spillway opened at Oroville"
    body = (
        "<html><head><title>Spillway opened at Oroville</title></head><body bgcolor=white>"
        '<table width=760 border=0><tr><td colspan=2><img src=logo.gif alt="Valley Daily"></td></tr>'
        "<tr><td width=140 valign=top><font size=1><a href=/>Homepage</a><br><a href=/s>Sportspage</a>"
        "<br><a href=/h>Horoscopes</a></font></td><td valign=top><font face=verdana size=2>"
        f"<h1>{title}</h1>{_p(DAM)}</font></td></tr><tr><td colspan=2><font size=1>Imprint | Careers"
        "</font></td></tr></table></body></html>"
    )
    return _plain("tables of 2004", "en", title, DAM, body)


def _cp1251() -> Page:
    title, text = _of("ru")
    html = (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
        f"<title>{title}</title></head><body><div id=menu><a>Главная</a> <a>Спорт</a></div>"
        f"<div class=article><h1>{title}</h1>{_p(text)}<p>Читайте также: рецепт</p></div></body></html>"
    )
    return Page(
        name="windows-1251", body=html.encode("cp1251"), title=title, lang="ru",
        has=_ends(text), content_type="text/html",
    )  # fmt: skip


def _latin2() -> Page:
    title, text = _of("pl")
    html = f'<html><head><meta charset="iso-8859-2"><title>{title}</title></head><body>{MENU}<h1>{title}</h1>{_p(text)}</body></html>'
    return Page(
        name="iso-8859-2", body=html.encode("iso8859-2"), title=title, lang="pl",
        has=_ends(text), content_type="text/html",
    )  # fmt: skip


def _json_ld() -> Page:
    title = "Ferry runs aground off Mombasa with 214 on board"
    about = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "articleBody": "\n\n".join(FERRY),
        "inLanguage": "en",
    }
    head = f"<title>{title}</title><script type='application/ld+json'>{json.dumps(about)}</script>"
    body = '<div id="app"></div><script src="/bundle.js"></script>'
    return _plain("JSON-LD only", "en", title, FERRY, _html("en", head, body))


def _noscript() -> Page:
    title = "Spillway opened at Oroville"
    head = f"<title>{title}</title>"
    body = (
        '<div id="root"><div class="spinner">Loading…</div></div><script>var a=1;</script>'
        f"<noscript><p>Please enable JavaScript to get the best of this site.</p><article><h1>{title}"
        f"</h1>{_p(DAM)}</article></noscript>"
    )
    return _plain("noscript", "en", title, DAM, _html("en", head, body))


def _cookie_wall() -> Page:
    title, text = _of("de")
    wall = (
        '<div class="cmp-wall" role="dialog"><h2>Ihre Einwilligung</h2><p>Wir und unsere 812 Partner'
        " verarbeiten personenbezogene Daten wie Cookies. Mit Werbung lesen oder Abo abschließen.</p>"
        "<p>Sie können Ihre Einwilligung jederzeit in den Datenschutz-Einstellungen ändern.</p></div>"
    )
    body = (
        f'{wall}{MENU}<article><span class="kicker">Sachsen</span><h1>{title}</h1><p class="author">'
        f"Von Max Muster, Dresden</p>{_p(text)}<p>Mehr zum Thema</p><p>Quelle: dpa</p></article>{FOOT}"
    )
    return _plain("cookie wall", "de", title, text, _html("de", f"<title>{title}</title>", body))


def _simple(name: str, lang: str, extra: str = "", attributes: str = "") -> Page:
    title, text = _of(lang)
    body = f"{MENU}{COOKIES}<main><article><h1>{title}</h1>{_p(text)}{extra}</article></main>{FOOT}"
    html = _html(lang, f"<title>{title}</title>", body, attributes)
    return _plain(name, lang, title, text, html)


def _related() -> Page:
    title, text = _of("es")
    box = '<div class="related"><h3>Lea también</h3><ul><li><a>Una casserole</a></li></ul></div>'
    middle = f"<p>{text[0]}</p>{box}<p>Lea también: El casserole de la abuela</p>{_p(text[1:])}"
    body = f"{MENU}<article><h1>{title}</h1>{middle}</article>{FOOT}"
    return _plain("related links", "es", title, text, _html("es", f"<title>{title}</title>", body))


def _advertisements() -> Page:
    title = "Ferry runs aground off Mombasa with 214 on board"
    spot = '<div class="ad-slot"><p>Advertisement</p><p>Buy the new casserole dish!</p></div>'
    inside = spot.join(f"<p>{one}</p>" for one in FERRY)
    body = (
        f'{MENU}<article><h1>{title}</h1><div class="article-body">{inside}</div></article>{FOOT}'
    )
    return _plain("inline ads", "en", title, FERRY, _html("en", f"<title>{title}</title>", body))


def _paginated() -> Page:
    title = "Spillway opened at Oroville"
    pages = '<div class="pagination"><a>1</a> <a>2</a> <a rel="next">Next page: casserole</a></div>'
    head = f'<title>{title} (page 1 of 2)</title><meta property="og:title" content="{title}">'
    body = f"{MENU}<article><h1>{title}</h1>{_p(DAM)}{pages}</article>{FOOT}"
    return _plain("paginated", "en", title, DAM, _html("en", head, body))


def _figures() -> Page:
    title, text = _of("fr")
    figure = "<figure><img src=a.jpg><figcaption>Casserole rue d'Aubagne. Photo : AFP</figcaption></figure>"
    body = f"{MENU}<article><h1>{title}</h1><p>{text[0]}</p>{figure}{_p(text[1:])}</article>{FOOT}"
    return _plain("figures", "fr", title, text, _html("fr", f"<title>{title}</title>", body))


def _paywall() -> Page:
    title = "Ferry runs aground off Mombasa with 214 on board"
    note = '<div class="paywall"><p>Already a subscriber? Log in to continue reading with unlimited access.</p></div>'
    agency = (f"MOMBASA, March 3 (Reuters) - {FERRY[0]}", *FERRY[1:])
    body = (
        f"{MENU}<article><h1>{title}</h1><p>By Jane Janedoe</p>{_p(agency)}{note}</article>{FOOT}"
    )
    return _plain("paywall note", "en", title, FERRY, _html("en", f"<title>{title}</title>", body))


PAGES = (
    _wordpress(),
    _blog(),
    _amp(),
    _live_blog(),
    _tables(),
    _cp1251(),
    _latin2(),
    _json_ld(),
    _noscript(),
    _cookie_wall(),
    _simple("Arabic, right to left", "ar", "<p>اقرأ أيضا: casserole</p>", ' dir="rtl"'),
    _simple("Hebrew, right to left", "he", "<p>קראו גם: casserole</p>", ' dir="rtl"'),
    _simple("Ukrainian", "uk", "<p>Читайте також: casserole</p>"),
    _simple("Chinese", "zh", "<p>延伸阅读：casserole</p>"),
    _simple("Polish", "pl", "<p>Czytaj też: casserole</p>"),
    _simple("Portuguese", "pt"),
    _simple("Swahili", "sw", "<p>Soma pia: casserole</p>"),
    _related(),
    _advertisements(),
    _paginated(),
    _figures(),
    _paywall(),
)
