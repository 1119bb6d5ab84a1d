"""All topics over the stream: profiles made once, scores per item, what was learned kept.

score(topic, item, at)    -> Score      changes nothing
learn(item, scores, at)                 after scoring, never before
take_lessons()            -> Lessons    what changed since, to be stored with the items
hear(judgements)                        what people said of items: moves profiles, no learned state
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from monitor.records import (
    Item,
    Judgement,
    Lessons,
    Member,
    Score,
    Seed,
    SeenItem,
    Topic,
)
from monitor.text.language import detect, is_same
from monitor.text.tokens import Token, headline, tokens
from monitor.topics import evidence, feedback
from monitor.topics import score as scoring
from monitor.topics.profile import Profile, Weigh, make_profiles, weigh_here
from monitor.topics.score import DEFAULT_THRESHOLD, ItemTerms, Scored, State, item_terms
from monitor.topics.sentence import best_sentence
from monitor.topics.story import make_member, usual_terms
from monitor.topics.threshold import Choice

# What a text is taken for when nothing says its language.
USUAL_LANGUAGE = "en"
# The latest items that a new topic learns from.
WARM_ITEMS = 5000
# Counted up when tokens or profiles change their meaning: states made before are let go.
VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A topic with its profiles."""

    topic: Topic
    # Language -> the seeds in it, in the order of the file.
    seeds: dict[str, list[Seed]]
    # Language -> the profile of the seeds in it; the first is used for all other languages.
    profiles: dict[str, Profile]
    # Changes with the seeds: what was learned for others means nothing for these.
    mark: str

    def language_for(self, lang: str | None) -> str:
        """Give the language of the seeds that an item is scored against."""
        known = (one for one in self.profiles if lang is not None and is_same(one, lang))
        return lang if lang in self.profiles else next(known, next(iter(self.profiles)))

    def foreign(self, lang: str | None) -> str | None:
        """Give an item's language if no seed is in it; one that is not known is the seed's."""
        return None if lang is None or is_same(lang, self.language_for(lang)) else lang

    def terms(self, item: Item) -> ItemTerms:
        """Give an item's terms as the seeds of its language have them; else its names only."""
        lang = self.language_for(item.lang)
        if self.foreign(item.lang) is None:
            return _terms(item, lang)
        return _known_names(_names_abroad(item, lang), self.profiles[lang])

    def tokens(self, item: Item) -> list[Token]:
        """Give the tokens that those terms are of."""
        lang = self.language_for(item.lang)
        if self.foreign(item.lang) is None:
            return _item_tokens(item, lang)
        known = self.terms(item).weights
        return [token for token in _tokens_abroad(item, lang) if token.key in known]

    def surfaces(self, lang: str) -> dict[str, str]:
        """Give how the seeds in a language write each of their terms."""
        surfaces: dict[str, str] = {}
        for seed in self.seeds[lang]:
            for token in _seed_tokens(seed, lang):
                surfaces.setdefault(token.key, token.surface)
        return surfaces


class Tracker:
    """Scores items against every topic, and learns from the stream."""

    def __init__(
        self, topics: Iterable[Topic], lessons: Lessons, weigh: Weigh = weigh_here
    ) -> None:
        self._watched = {one.topic.name: one for one in _all_watched(list(topics), weigh)}
        self._states: dict[tuple[str, str], State] = {}
        self._known: set[str] = set()
        self._chosen: dict[str, Choice] = {}
        self._heard: dict[tuple[str, str], feedback.Heard] = {}
        self._changed: set[tuple[str, str]] = set()
        self.hear(())
        self.restore(lessons)

    # -- scoring

    def score(self, topic: str, item: Item, at: datetime) -> Score:
        """Score an item against a topic: in [0, 1], the same number meaning the same for all."""
        watched = self._watched[topic]
        item_terms = watched.terms(item)
        found = self._score(watched, watched.language_for(item.lang), item_terms, at)
        threshold = self.threshold(topic).value
        terms = evidence.shares(found, item_terms.surfaces)
        return Score(
            topic=topic,
            value=found.value,
            threshold=threshold,
            terms=terms,
            lacks=evidence.lacks(found, threshold, terms, watched.foreign(item.lang)),
        )

    def best_sentence(self, topic: str, item: Item) -> str:
        """Give the sentence of the seeds that comes closest to an item; empty if none does."""
        watched = self._watched[topic]
        lang = watched.language_for(item.lang)
        texts = [seed.text for seed in watched.seeds[lang]]
        return best_sentence(watched.terms(item).weights, texts, lang)

    def member(self, topic: str, seen: SeenItem) -> Member:
        """Give what a topic's story remembers of an item."""
        item = seen.item
        lang = item.lang or self._watched[topic].language_for(None)
        return make_member(seen, headline(item.title, lang), tokens(item.summary, lang))

    def usual_terms(self, topic: str, lang: str | None) -> dict[str, float]:
        """Say how usual each term is in a topic's items so far, 0 to 1."""
        watched = self._watched[topic]
        used = watched.language_for(lang)
        state, profile = self._states[topic, used], self._heard[topic, used].profile
        weights = {term: profile.weight(term) for term in profile.rarity}
        return usual_terms(weights, state.on_terms, state.on)

    def threshold(self, topic: str) -> Choice:
        """Give the threshold in force for a topic, and why it is that."""
        if topic in self._chosen:
            return self._chosen[topic]
        named = self._watched[topic].topic.threshold
        if named is None:
            return Choice(value=DEFAULT_THRESHOLD, why="the default")
        return Choice(value=named, why="as the configuration says")

    def use_threshold(self, topic: str, choice: Choice) -> None:
        """Put a chosen threshold in force."""
        self._chosen[topic] = choice

    def knows(self, topic: str) -> bool:
        """Say whether a topic of this name has seen the stream before, by whatever seeds."""
        return topic in self._known

    def reads(self, topic: str, lang: str) -> bool:
        """Say whether a seed of a topic is in a language: of items in others only names count."""
        return self._watched[topic].foreign(lang) is None

    def strongest(self, topic: str, most: int) -> list[str]:
        """Give the heaviest terms of a topic's seeds, as the seeds write them."""
        watched = self._watched[topic]
        lang, profile = next(iter(watched.profiles.items()))
        surfaces = watched.surfaces(lang)
        return [surfaces.get(term, term) for term in profile.strongest(most)]

    def weights(self, topic: str, most: int) -> tuple[tuple[str, float], ...]:
        """Give the heaviest terms as `strongest` does, with their weights after feedback."""
        watched = self._watched[topic]
        lang = next(iter(watched.profiles))
        profile, surfaces = self._heard[topic, lang].profile, watched.surfaces(lang)
        return tuple(
            (surfaces.get(term, term), profile.weight(term)) for term in profile.strongest(most)
        )

    def seed_terms(self, topic: str) -> frozenset[str]:
        """Give all terms that a topic's seeds have, in whatever language."""
        profiles = self._watched[topic].profiles.values()
        return frozenset(term for profile in profiles for term in profile.rarity)

    def terms(self, topic: str, item: Item) -> dict[str, float]:
        """Give an item's terms as a profile weighs them; length 1."""
        return feedback.item_weights(self._watched[topic].terms(item))

    def languages(self, topic: str) -> tuple[str, ...]:
        """Give the languages of a topic's seeds, that of the first one first."""
        return tuple(self._watched[topic].profiles)

    def _score(self, watched: _Watched, lang: str, terms: ItemTerms, at: datetime) -> Scored:
        name = watched.topic.name
        heard, state = self._heard[name, lang], self._states[name, lang]
        return scoring.score(feedback.lean(terms, heard), heard.profile, state, at)

    # -- what people say

    def hear(self, judgements: Iterable[Judgement]) -> None:
        """Let these judgements, and no others, move the profiles; what was learned stays."""
        said: dict[tuple[str, str], list[Judgement]] = {}
        for one in judgements:
            said.setdefault((one.topic, one.lang), []).append(one)
        self._heard = {
            (name, lang): feedback.hear(profile, said.get((name, lang), ()))
            for name, watched in self._watched.items()
            for lang, profile in watched.profiles.items()
        }

    def judgement(
        self, topic: str, seen: SeenItem, *, is_on_topic: bool, at: datetime
    ) -> Judgement:
        """Write down what was said of an item, without acting on it."""
        watched = self._watched[topic]
        lang, found = watched.language_for(seen.item.lang), watched.tokens(seen.item)
        return feedback.make_judgement(topic, seen, found, lang, is_on_topic=is_on_topic, at=at)

    def profile(self, topic: str, lang: str | None) -> Profile:
        """Give the profile that items of a language are scored against, moved by what was said."""
        return self._heard[topic, self._watched[topic].language_for(lang)].profile

    def surfaces(self, topic: str, item: Item) -> dict[str, str]:
        """Give how an item, or else the seeds, write each of their terms."""
        watched = self._watched[topic]
        lang = watched.language_for(item.lang)
        return watched.surfaces(lang) | dict(watched.terms(item).surfaces)

    def seed_surfaces(self, topic: str, lang: str) -> dict[str, str]:
        """Give how a topic's seeds write their terms, those that items of a language meet."""
        watched = self._watched[topic]
        return watched.surfaces(watched.language_for(lang))

    # -- learning

    def learn(self, item: Item, scores: Sequence[Score], at: datetime) -> None:
        """Take an item into what the topics that scored it know; score first, then learn.

        One in a language that no seed is in teaches nothing: it has none of the seed's words
        whatever it tells, and counting it would make the seed's language look quieter than it is.
        """
        for one in scores:
            watched = self._watched[one.topic]
            if watched.foreign(item.lang) is not None:
                continue
            lang = watched.language_for(item.lang)
            terms = _terms(item, lang)
            found = self._score(watched, lang, terms, at)
            state = self._states[one.topic, lang]
            scoring.learn(terms, found, self._heard[one.topic, lang].profile, state, at)
            self._changed.add((one.topic, lang))

    def warm(self, topic: str, earlier: Iterable[tuple[Item, datetime]], now: datetime) -> None:
        """Let a topic that starts now learn from the latest items of the stream, oldest first.

        What it takes from them is what is usual in these feeds; its story begins now.
        """
        for item, at in list(earlier)[-WARM_ITEMS:]:
            self.learn(item, [self.score(topic, item, at)], at)
        for lang in self._watched[topic].profiles:
            self._states[topic, lang].begin(now)
            self._changed.add((topic, lang))

    def take_lessons(self) -> Lessons:
        """Give what changed since it was last asked for, to be stored whole."""
        states = {
            _state_name(self._watched[topic], lang): self._states[topic, lang].to_json()
            for topic, lang in sorted(self._changed)
        }
        self._known.update(topic for topic, _ in self._changed)
        self._changed.clear()
        return Lessons(states=states)

    def restore(self, lessons: Lessons) -> None:
        """Take over what was stored, and forget what was not."""
        self._changed.clear()
        self._known = {name.split("/")[1] for name in lessons.states if name.startswith("topic/")}
        for name, watched in self._watched.items():
            for lang in watched.profiles:
                stored = lessons.states.get(_state_name(watched, lang))
                self._states[name, lang] = State.from_json(stored) if stored else State()


def _state_name(watched: _Watched, lang: str) -> str:
    return f"topic/{watched.topic.name}/{lang}/{watched.mark}"


def _all_watched(topics: Sequence[Topic], weigh: Weigh) -> Iterator[_Watched]:
    """Make all profiles of all topics at once."""
    by_topic = [_by_language(topic.seeds) for topic in topics]
    read = [
        [_seed_tokens(seed, lang) for seed in seeds]
        for by_language in by_topic
        for lang, seeds in by_language.items()
    ]
    profiles = iter(make_profiles(read, weigh))
    for topic, by_language in zip(topics, by_topic, strict=True):
        texts = "\n".join(f"{seed.title}\n{seed.text}" for seed in topic.seeds)
        yield _Watched(
            topic=topic,
            seeds=by_language,
            profiles={lang: next(profiles) for lang in by_language},
            mark=hashlib.sha256(f"{VERSION}\n{texts}".encode()).hexdigest()[:12],
        )


def _by_language(seeds: Iterable[Seed]) -> dict[str, list[Seed]]:
    by_language: dict[str, list[Seed]] = {}
    for seed in seeds:
        lang = seed.lang or detect(f"{seed.title}\n{seed.text}") or USUAL_LANGUAGE
        by_language.setdefault(lang, []).append(seed)
    return by_language


def _seed_tokens(seed: Seed, lang: str) -> list[Token]:
    # The title stands at the head of most texts already: then it counts once.
    title = [] if seed.text.startswith(seed.title) else headline(seed.title, lang)
    return title + tokens(seed.text, lang)


# An item is scored by every topic, then learned by every topic: its terms are made once. Those of
# one take 4 to 8 kB; made again, as for what a new topic is shown, a fifth of a millisecond.
@lru_cache(maxsize=1 << 10)
def _terms(item: Item, lang: str) -> ItemTerms:
    return item_terms(_item_tokens(item, lang))


def _item_tokens(item: Item, lang: str) -> list[Token]:
    return headline(item.title, lang) + tokens(item.summary, lang)


# -- items in a language that no seed is in


@lru_cache(maxsize=1 << 10)
def _names_abroad(item: Item, lang: str) -> ItemTerms:
    """Give what an item in its own language writes as names, keyed as texts in `lang` key them.

    How rare its words are, and how long it is, is said by its own language: what German calls
    `die` is no death, and what is only foreign is not rare.
    """
    own = _terms(item, item.lang or lang)
    weights: dict[str, float] = {}
    surfaces: dict[str, str] = {}
    keys = {token.surface: token.key for token in _item_tokens(item, item.lang or lang)}
    for token in _tokens_abroad(item, lang):
        weight = own.weights.get(keys[token.surface], 0.0)
        weights[token.key] = max(weight, weights.get(token.key, 0.0))
        surfaces.setdefault(token.key, token.surface)
    return ItemTerms(weights=weights, names=frozenset(weights), surfaces=surfaces)


def _tokens_abroad(item: Item, lang: str) -> list[Token]:
    return [
        replace(token, key=also.key, name=True)
        for token in _item_tokens(item, item.lang or lang)
        if token.name is not False and token.rarity > 0.0
        for also in tokens(token.surface, lang)
    ]


def _known_names(terms: ItemTerms, profile: Profile) -> ItemTerms:
    """Leave those terms that are names to the seed as well: a noun in capitals is matter.

    Of k names each counts k / (k + 1): two that meet are chance (Belarus plays ice hockey in
    Minsk), several are the people and places of the story.
    """
    known = {
        term: weight
        for term, weight in terms.weights.items()
        # One that only ever begins a sentence there is half a name, half matter: not enough.
        if weight > 0.0 and profile.names.get(term, 0.0) > 2.0 * profile.matter.get(term, 0.0)
    }
    part = len(known) / (len(known) + 1)
    weights = {term: weight * part for term, weight in known.items()}
    return replace(terms, weights=weights, names=frozenset(known))
