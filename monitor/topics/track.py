"""All topics over the stream: profiles made once, scores per item, what was learned kept.

score(topic, item, at)    -> Score      changes nothing
learn(item, scores, at)                 after scoring, never before
take_lessons()            -> Lessons    what changed since, to be stored with the items
hear(judgements)                        what people said of items: moves profiles, no learned state
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    TermShare,
    Topic,
)
from monitor.text.language import detect
from monitor.text.tokens import Token, headline, tokens
from monitor.topics import feedback
from monitor.topics import score as scoring
from monitor.topics.profile import Profile, make_profile
from monitor.topics.score import DEFAULT_THRESHOLD, ItemTerms, Scored, State, item_terms
from monitor.topics.sentence import best_sentence
from monitor.topics.story import make_member, usual_terms
from monitor.topics.threshold import Choice

# What a text is taken for when nothing says its language.
USUAL_LANGUAGE = "en"
# Terms that a score names; the rest are summed up under one.
MOST_TERMS = 24
# The latest items that a new topic learns from.
WARM_ITEMS = 5000
# Counted up when tokens or profiles change their meaning: states made before are let go.
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A topic with its profiles."""

    topic: Topic
    # Language -> the profile of the seeds in it; the first is used for all other languages.
    profiles: dict[str, Profile]
    # Changes with the seeds: what was learned for others means nothing for these.
    mark: str

    def language_for(self, lang: str | None) -> str:
        """Give the language of the seeds that an item is scored against."""
        return lang if lang in self.profiles else next(iter(self.profiles))

    def surfaces(self, lang: str) -> dict[str, str]:
        """Give how the seeds write each of their terms, read as texts of a language."""
        surfaces: dict[str, str] = {}
        for seed in self.topic.seeds:
            for token in _seed_tokens(seed, lang):
                surfaces.setdefault(token.key, token.surface)
        return surfaces


class Tracker:
    """Scores items against every topic, and learns from the stream."""

    def __init__(self, topics: Iterable[Topic], lessons: Lessons) -> None:
        self._watched = {topic.name: _watched(topic) for topic in topics}
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
        lang = watched.language_for(item.lang)
        terms = _terms(item, lang)
        found = self._score(watched, lang, terms, at)
        return Score(
            topic=topic,
            value=found.value,
            threshold=self.threshold(topic).value,
            terms=_shares(found, terms),
            lacks=_lacks(found),
        )

    def best_sentence(self, topic: str, item: Item) -> str:
        """Give the sentence of the seeds that comes closest to an item; empty if none does."""
        watched = self._watched[topic]
        lang = watched.language_for(item.lang)
        texts = [seed.text for seed in watched.topic.seeds]
        return best_sentence(_terms(item, lang).weights, texts, lang)

    def member(self, seen: SeenItem) -> Member:
        """Give what a story remembers of an item."""
        item = seen.item
        lang = item.lang or USUAL_LANGUAGE
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

    def strongest(self, topic: str, most: int) -> list[str]:
        """Give the heaviest terms of a topic's seeds, as the seeds write them."""
        watched = self._watched[topic]
        lang, profile = next(iter(watched.profiles.items()))
        surfaces = watched.surfaces(lang)
        return [surfaces.get(term, term) for term in profile.strongest(most)]

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
        lang = self._watched[topic].language_for(seen.item.lang)
        found = _item_tokens(seen.item, lang)
        return feedback.make_judgement(topic, seen, found, lang, is_on_topic=is_on_topic, at=at)

    def profile(self, topic: str, lang: str | None) -> Profile:
        """Give the profile that items of a language are scored against, moved by what was said."""
        return self._heard[topic, self._watched[topic].language_for(lang)].profile

    def surfaces(self, topic: str, item: Item) -> dict[str, str]:
        """Give how an item, or else the seeds, write each of their terms."""
        watched = self._watched[topic]
        lang = watched.language_for(item.lang)
        return watched.surfaces(lang) | dict(_terms(item, lang).surfaces)

    # -- learning

    def learn(self, item: Item, scores: Sequence[Score], at: datetime) -> None:
        """Take an item into what the topics that scored it know; score first, then learn."""
        for one in scores:
            watched = self._watched[one.topic]
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
            self._states[topic, lang].last_at = now.timestamp()
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


def _watched(topic: Topic) -> _Watched:
    by_language: dict[str, list[Seed]] = {}
    for seed in topic.seeds:
        lang = seed.lang or detect(f"{seed.title}\n{seed.text}") or USUAL_LANGUAGE
        by_language.setdefault(lang, []).append(seed)
    profiles = {
        lang: make_profile([_seed_tokens(seed, lang) for seed in seeds])
        for lang, seeds in by_language.items()
    }
    texts = "\n".join(f"{seed.title}\n{seed.text}" for seed in topic.seeds)
    mark = hashlib.sha256(f"{VERSION}\n{texts}".encode()).hexdigest()[:12]
    return _Watched(topic=topic, profiles=profiles, mark=mark)


def _seed_tokens(seed: Seed, lang: str) -> list[Token]:
    # The title stands at the head of most texts already: then it counts once.
    title = [] if seed.text.startswith(seed.title) else headline(seed.title, lang)
    return title + tokens(seed.text, lang)


# An item is scored by every topic, then learned by every topic, and new topics are shown the latest
# items: their terms are made once.
@lru_cache(maxsize=1 << 13)
def _terms(item: Item, lang: str) -> ItemTerms:
    return item_terms(_item_tokens(item, lang))


def _item_tokens(item: Item, lang: str) -> list[Token]:
    return headline(item.title, lang) + tokens(item.summary, lang)


def _shares(found: Scored, terms: ItemTerms) -> tuple[TermShare, ...]:
    ranked = sorted(found.shares.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [
        TermShare(term=term, surface=terms.surfaces[term], share=share)
        for term, share in ranked[:MOST_TERMS]
    ]
    rest = sum(share for _, share in ranked[MOST_TERMS:])
    if rest:
        named.append(TermShare(term="", surface="others", share=rest))
    return tuple(named)


def _lacks(found: Scored) -> str:
    """Say what evidence is missing, in a sentence; empty if both kinds are there in strength."""
    if not found.shares:
        return "no term of the seed is in it"
    if found.value >= DEFAULT_THRESHOLD:
        return ""
    if found.names < 0.25 * found.matter:
        return "hardly any name of the seed is in it: only what happened is alike"
    if found.matter < 0.25 * found.names:
        return "only names of the seed are in it, hardly anything of what happened"
    if len(found.shares) == 1:
        return "a single term of the seed is in it"
    return "too few of the seed's terms, or only its weaker ones, are in it"
