"""A topic in any language: from sentences as newspapers write them to scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from monitor.records import Item, Lessons, Seed, Topic
from monitor.text.language import detect, language_of
from monitor.text.tokens import tokens
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import NOW

# Tables of many languages are loaded once, in one process.
pytestmark = pytest.mark.xdist_group("languages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One topic in one language: a seed, an item on it, and items that are not."""

    lang: str
    seed: str
    on_topic: tuple[str, str]
    off_topic: tuple[tuple[str, str], ...]


SAID = (
    Said(
        lang="en",
        seed="Hundreds of migrants gathered at the border fence near Kuznica on Monday. Poland sent"
        " soldiers and accused Minsk and Alexander Lukashenko of a hybrid attack. The European"
        " Union prepares new sanctions against Belarus as migrants try to cut the wire.",
        on_topic=(
            "Poland says migrants tried to break through the border fence",
            "Guards near Kuznica saw Belarusian soldiers hand out wire cutters.",
        ),
        off_topic=(
            ("City win the final in London", "The coach praised the goalkeeper after the match."),
            ("Poland lowers tax on bread", "The parliament in Warsaw voted for the budget."),
        ),
    ),
    Said(
        lang="pl",
        seed="Setki migrantów zgromadziły się w poniedziałek przy ogrodzeniu koło Kuźnicy. Polska"
        " wysłała na granicę żołnierzy, a Warszawa oskarża Mińsk i Alaksandra Łukaszenkę o atak"
        " hybrydowy. Unia Europejska przygotowuje nowe sankcje wobec Białorusi.",
        on_topic=(
            "Migranci próbowali sforsować ogrodzenie na granicy",
            "Straż Graniczna z Kuźnicy zatrzymała grupę, którą przywiozły służby Białorusi.",
        ),
        off_topic=(
            ("Lech wygrał mecz w Poznaniu", "Trener chwalił bramkarza po końcowym gwizdku."),
            ("Niższy podatek na chleb", "Sejm w Warszawie przyjął ustawę budżetową."),
        ),
    ),
    Said(
        lang="de",
        seed="Hunderte Migranten versammelten sich am Montag am Grenzzaun bei Kuznica. Polen"
        " schickte Soldaten und wirft Minsk und Alexander Lukaschenko einen hybriden Angriff vor."
        " Die Europäische Union bereitet neue Sanktionen gegen Belarus vor.",
        on_topic=(
            "Migranten versuchen den Grenzzaun zu durchbrechen",
            "Polnische Soldaten bei Kuznica melden, dass Belarus die Menschen an die Grenze führt.",
        ),
        off_topic=(
            ("Bayern gewinnt das Spiel in Hamburg", "Der Trainer lobte den Torwart."),
            ("Brot wird billiger", "Der Bundestag stimmte am Freitag dem Haushalt zu."),
        ),
    ),
    Said(
        lang="fr",
        seed="Des centaines de migrants se sont rassemblés lundi devant la clôture près de Kuznica."
        " La Pologne a envoyé des soldats et accuse Minsk et Alexandre Loukachenko d'une attaque"
        " hybride. L'Union européenne prépare des sanctions contre la Biélorussie.",
        on_topic=(
            "Des migrants tentent de franchir la clôture à la frontière polonaise",
            "Près de Kuznica, des soldats accusent la Biélorussie de pousser les migrants.",
        ),
        off_topic=(
            ("Lyon gagne le match à Marseille", "L'entraîneur a félicité son gardien de but."),
            ("Le prix du pain baisse", "L'Assemblée a voté le budget vendredi à Paris."),
        ),
    ),
    Said(
        lang="es",
        seed="Cientos de migrantes se reunieron el lunes ante la valla cerca de Kuznica. Polonia"
        " envió soldados y acusa a Minsk y a Alexander Lukashenko de un ataque híbrido. La Unión"
        " Europea prepara nuevas sanciones contra Bielorrusia.",
        on_topic=(
            "Migrantes intentan cruzar la valla de la frontera polaca",
            "Los soldados cerca de Kuznica acusan a Bielorrusia de empujar a los migrantes.",
        ),
        off_topic=(
            ("El Sevilla gana el partido en Madrid", "El entrenador elogió a su portero."),
            ("Baja el precio del pan", "El Congreso aprobó el viernes los presupuestos."),
        ),
    ),
    Said(
        lang="lt",
        seed="Šimtai migrantų pirmadienį susirinko prie tvoros netoli Kuznicos. Lenkija atsiuntė"
        " karius ir kaltina Minską bei Aliaksandrą Lukašenką hibridine ataka. Europos Sąjunga"
        " rengia naujas sankcijas Baltarusijai.",
        on_topic=(
            "Migrantai bandė pralaužti tvorą prie Lenkijos sienos",
            "Netoli Kuznicos kariai matė, kaip Baltarusija atveža migrantus.",
        ),
        off_topic=(
            ("Žalgiris laimėjo rungtynes Kaune", "Treneris pagyrė savo komandą po pergalės."),
            ("Pigs duona", "Seimas penktadienį patvirtino biudžetą."),
        ),
    ),
    Said(
        lang="tr",
        seed="Yüzlerce göçmen pazartesi günü Kuznica yakınındaki tel örgünün önünde toplandı."
        " Polonya sınıra asker gönderdi, Minsk'i ve Aleksandr Lukaşenko'yu hibrit saldırıyla"
        " suçladı. Avrupa Birliği Belarus'a yeni yaptırımlar hazırlıyor.",
        on_topic=(
            "Göçmenler Polonya sınırında tel örgüyü aşmaya çalıştı",
            "Kuznica yakınındaki askerler, Belarus'un göçmenleri sınıra getirdiğini söyledi.",
        ),
        off_topic=(
            ("Fenerbahçe maçı kazandı", "Teknik direktör maçtan sonra kalecisini övdü."),
            ("Ekmek fiyatı düştü", "Meclis bütçeyi cuma günü Ankara'da kabul etti."),
        ),
    ),
    Said(
        lang="ru",
        seed="Сотни мигрантов собрались в понедельник у забора возле Кузницы. Польша направила на"
        " границу солдат и обвинила Минск и Александра Лукашенко в гибридной атаке. Евросоюз"
        " готовит новые санкции против Белоруссии.",
        on_topic=(
            "Мигранты попытались прорвать забор на польской границе",
            "Солдаты у Кузницы сообщили, что Белоруссия подвозит мигрантов к границе.",
        ),
        off_topic=(
            ("«Зенит» выиграл матч в Казани", "Тренер похвалил вратаря после игры."),
            ("Хлеб станет дешевле", "Дума в пятницу приняла бюджет на следующий год."),
        ),
    ),
    Said(
        lang="uk",
        seed="Сотні мігрантів зібралися в понеділок біля паркану поблизу Кузниці. Польща направила"
        " на кордон солдатів і звинуватила Мінськ та Олександра Лукашенка у гібридній атаці."
        " Євросоюз готує нові санкції проти Білорусі.",
        on_topic=(
            "Сотні мігрантів намагалися прорвати паркан на кордоні",
            "Солдати поблизу Кузниці кажуть, що Мінськ звозить мігрантів до кордону.",
        ),
        off_topic=(
            ("Динамо виграло матч у Львові", "Тренер похвалив воротаря після гри."),
            ("Хліб подешевшає", "Верховна Рада у п'ятницю ухвалила бюджет."),
        ),
    ),
    Said(
        lang="el",
        seed="Εκατοντάδες μετανάστες συγκεντρώθηκαν τη Δευτέρα στον φράχτη κοντά στην Κούζνιτσα. Η"
        " Πολωνία έστειλε στρατιώτες και κατηγορεί το Μινσκ και τον Αλεξάντερ Λουκασένκο για"
        " υβριδική επίθεση. Η Ευρωπαϊκή Ένωση ετοιμάζει κυρώσεις κατά της Λευκορωσίας.",
        on_topic=(
            "Μετανάστες προσπάθησαν να περάσουν τον φράχτη στα σύνορα της Πολωνίας",
            "Στρατιώτες κοντά στην Κούζνιτσα κατηγορούν τη Λευκορωσία για τους μετανάστες.",
        ),
        off_topic=(
            ("Ο Ολυμπιακός κέρδισε τον αγώνα", "Ο προπονητής επαίνεσε τον τερματοφύλακα."),
            ("Φθηνότερο το ψωμί", "Η Βουλή ψήφισε την Παρασκευή τον προϋπολογισμό."),
        ),
    ),
    Said(
        lang="ar",
        seed="تجمع مئات المهاجرين يوم الاثنين أمام السياج قرب كوزنيتسا. أرسلت بولندا جنودا إلى"
        " الحدود واتهمت مينسك وألكسندر لوكاشينكو بهجوم هجين. يستعد الاتحاد الأوروبي لفرض عقوبات"
        " جديدة على بيلاروسيا.",
        on_topic=(
            "مهاجرون يحاولون عبور السياج على حدود بولندا",
            "قال جنود قرب كوزنيتسا إن بيلاروسيا تدفع المهاجرين نحو الحدود.",
        ),
        off_topic=(
            ("الأهلي يفوز بالمباراة في القاهرة", "أشاد المدرب بحارس المرمى بعد اللقاء."),
            ("انخفاض سعر الخبز", "وافق البرلمان يوم الجمعة على الميزانية."),
        ),
    ),
    Said(
        lang="hi",
        seed="सोमवार को कुज़नित्सा के पास बाड़ के सामने सैकड़ों प्रवासी जमा हुए। पोलैंड ने सीमा पर सैनिक भेजे और"
        " मिन्स्क तथा अलेक्सांद्र लुकाशेंको पर हाइब्रिड हमले का आरोप लगाया। यूरोपीय संघ बेलारूस पर नए"
        " प्रतिबंध तैयार कर रहा है।",
        on_topic=(
            "प्रवासियों ने पोलैंड की सीमा पर बाड़ पार करने की कोशिश की",
            "कुज़नित्सा के पास सैनिकों ने कहा कि बेलारूस प्रवासियों को सीमा तक ला रहा है।",
        ),
        off_topic=(
            ("मुंबई ने मैच जीता", "कोच ने मैच के बाद विकेटकीपर की तारीफ़ की।"),
            ("रोटी सस्ती होगी", "संसद ने शुक्रवार को बजट पारित किया।"),
        ),
    ),
    Said(
        lang="zh",
        seed="周一，数百名移民聚集在库兹尼察附近的边境围栏前。波兰向边境派出士兵，指责明斯克和亚历山大·卢卡申科"
        "发动混合攻击。欧盟准备对白俄罗斯实施新的制裁。",
        on_topic=(
            "移民试图冲破波兰边境围栏",
            "库兹尼察附近的士兵说，白俄罗斯把移民送到边境。",
        ),
        off_topic=(
            ("上海队在主场赢得比赛", "教练赛后称赞了守门员。"),
            ("面包价格下降", "议会周五通过了明年的预算。"),
        ),
    ),
    Said(
        lang="ja",
        seed="月曜日、クジニツァ近くの国境のフェンス前に数百人の移民が集まった。ポーランドは国境に兵士を派遣し、"
        "ミンスクとルカシェンコ大統領をハイブリッド攻撃だと非難した。欧州連合はベラルーシへの新たな制裁を準備している。",
        on_topic=(
            "移民がポーランド国境のフェンスを突破しようとした",
            "クジニツァ近くの兵士は、ベラルーシが移民を国境に運んでいると述べた。",
        ),
        off_topic=(
            ("大阪のチームが試合に勝利", "監督は試合後にゴールキーパーを称賛した。"),
            ("パンの値段が下がる", "国会は金曜日に予算案を可決した。"),
        ),
    ),
)

each = pytest.mark.parametrize("said", SAID, ids=[one.lang for one in SAID])


def an_item(text: tuple[str, str], lang: str | None) -> Item:
    """Return an item with this title and summary."""
    return made.item(text[0], title=text[0], summary=text[1], lang=lang)


def tracker(*seeds: Said) -> Tracker:
    """Return a tracker of one topic with the seeds of some languages, as files hold them."""
    made_of = tuple(Seed(name=f"{one.lang}.txt", title="", text=one.seed) for one in seeds)
    return Tracker([Topic(name="border", seeds=made_of, receivers=())], Lessons())


def value(tracked: Tracker, text: tuple[str, str], lang: str | None) -> float:
    """Give the score of an item."""
    return tracked.score("border", an_item(text, lang), NOW).value


@each
def test_a_topic_is_tracked_in_its_language(said: Said) -> None:
    """An item on the topic is told, one on other matters is not, whatever the script."""
    alone = tracker(said)
    assert value(alone, said.on_topic, said.lang) > 0.5
    assert max(value(alone, text, said.lang) for text in said.off_topic) < 0.3


@each
def test_a_topic_of_all_languages_tells_each_by_its_own_seed(said: Said) -> None:
    """With seeds in fourteen languages an item scores as if its own were alone."""
    together = tracker(*SAID)
    for text in (said.on_topic, *said.off_topic):
        assert value(together, text, said.lang) == value(tracker(said), text, said.lang)


@each
def test_the_language_of_an_item_that_states_none_is_found(said: Said) -> None:
    """A headline with a summary shows its language; with it the item scores as if it had said."""
    assert detect(said.seed) == said.lang
    found = language_of(*said.on_topic, stated=None, usual=None)
    assert found in (said.lang, None)
    usual = language_of(*said.on_topic, stated=None, usual=said.lang)
    assert value(tracker(*SAID), said.on_topic, usual) > 0.5


@each
def test_words_of_a_sentence_are_found_in_its_language(said: Said) -> None:
    """Each sentence gives terms; the common words of the language are none or hardly any."""
    found = tokens(said.seed, said.lang)
    assert len({token.key for token in found}) > 15
    assert all(token.surface in said.seed for token in found)
    if said.lang not in ("zh", "ja"):
        assert min(token.rarity for token in found) < 1.0


# ------------------------------------------------------------- items that no seed is in


@pytest.mark.parametrize("seed", SAID, ids=[one.lang for one in SAID])
@pytest.mark.parametrize("said", SAID, ids=[one.lang for one in SAID])
def test_off_topic_items_of_other_languages_are_never_told(said: Said, seed: Said) -> None:
    """Words that look alike in two languages are no evidence: sport and budgets stay out."""
    alone = tracker(seed)
    for text in said.off_topic:
        assert value(alone, text, said.lang) < 0.3


ENGLISH, POLISH = SAID[0], SAID[1]


@pytest.mark.parametrize(
    "lang,title,summary,names",
    [
        (
            "de",
            "Lukaschenko droht, Belarus lässt die Menschen bei Kuznica frieren",
            "In Minsk und an der Grenze warten Hunderte.",
            {"Belarus", "Kuznica", "Minsk"},
        ),
        (
            "es",
            "Lukashenko amenaza desde Minsk",
            "La valla de Kuznica sigue cerrada, dice Bielorrusia.",
            {"Lukashenko", "Minsk", "Kuznica"},
        ),
        (
            "pl",
            "Pod miejscowością Kuźnica znów niespokojnie",
            "Służby z miasta Mińsk pomagały przecinać druty.",
            {"Kuźnica", "Mińsk"},
        ),
        (
            "fr",
            "À Kuznica, l'attente",
            "Minsk et Alexander Lukashenko font venir des familles.",
            {"Kuznica", "Minsk", "Alexander", "Lukashenko"},
        ),
    ],
)
def test_names_count_across_languages(lang: str, title: str, summary: str, names: set[str]) -> None:
    """An item in a language without a seed has its names as evidence, accents or not."""
    score = tracker(ENGLISH).score("border", an_item((title, summary), lang), NOW)
    assert {term.surface for term in score.terms} == names
    assert score.value > 0.0
    if score.lacks:
        assert f"it is in {lang} and no seed is: only names count" in score.lacks


def test_several_names_are_more_than_one() -> None:
    """A single name across languages is chance, each further one makes it less so."""
    alone = tracker(ENGLISH)
    names = ["Kuznica", "Minsk", "Lukashenko", "Belarus"]
    filler = "wartet der Mann vor dem Haus auf besseres Wetter"
    values = [
        value(alone, (f"Heute {filler}", "Dort war " + " ".join(names[:count])), "de")
        for count in range(5)
    ]
    assert values[0] == 0.0
    assert all(one < more for one, more in pairwise(values))
    assert values[1] < 0.5


@pytest.mark.parametrize(
    "text",
    [
        ("Die Art der Arbeit", "Der Minister hat den Plan, die Form ist gut, der Mann war alt."),
        ("To jest brat", "Most do domu ma być otwarty, a list do brata idzie pod koniec roku."),
    ],
)
def test_words_that_look_english_are_not(text: tuple[str, str]) -> None:
    """German `die` and Polish `most` say nothing to an English seed that has those words."""
    seed = replace(ENGLISH, seed="Most migrants die on the list, the plan was good to form. " * 3)
    lang = "de" if text[0].startswith("Die") else "pl"
    assert value(tracker(seed), text, lang) == 0.0


def test_items_without_a_seed_teach_nothing() -> None:
    """A stream in other languages makes the seed's language look neither busy nor quiet."""
    tracked = tracker(ENGLISH)
    before = value(tracked, ENGLISH.on_topic, "en")
    for text in (POLISH.on_topic, *POLISH.off_topic) * 20:
        item = an_item(text, "pl")
        tracked.learn(item, [tracked.score("border", item, NOW)], NOW)
    assert value(tracked, ENGLISH.on_topic, "en") == before
    assert tracked.take_lessons() == Lessons()


def test_what_is_said_of_such_an_item_is_bounded_and_undone() -> None:
    """A yes or no to an item without a seed moves names only, and is taken back to the bit."""
    tracked = tracker(ENGLISH)
    text = ("Lukaschenko droht", "Belarus und Minsk lassen die Menschen bei Kuznica frieren.")
    seen = made.seen("de", an_item(text, "de"))
    before = value(tracked, ENGLISH.on_topic, "en")
    for said in (True, False):
        one = tracked.judgement("border", seen, is_on_topic=said, at=NOW)
        assert (one.lang, dict(one.matter)) == ("en", {})
        assert set(one.names) == {"belarus", "minsk", "kuznica"}
        tracked.hear([one])
        assert value(tracked, ENGLISH.on_topic, "en") > 0.5
    tracked.hear([])
    assert value(tracked, ENGLISH.on_topic, "en") == before


def test_the_sentence_that_is_shown_is_of_the_items_language() -> None:
    """The closest sentence comes from a seed that the item was scored against."""
    both = tracker(ENGLISH, POLISH)
    for said in (ENGLISH, POLISH):
        assert both.best_sentence("border", an_item(said.on_topic, said.lang)) in said.seed
