"""Weights of terms: by scikit-learn, by the formula, here and apart."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import weighing
from monitor.errors import WeighingError
from monitor.topics.profile import Counted, weigh_here
from monitor.topics.weigh import TF_POWER, weigh
from monitor.weighing import weigh_apart

ROOT = Path(__file__).parents[2]
LAW = settings(max_examples=100, deadline=None)
TERMS = st.sampled_from(["fence", "wire", "Straße", "границ", "国境", "a b", "\ud800", "1,000"])
TEXTS = st.lists(st.lists(TERMS, max_size=20), max_size=4)
RARITY = st.fixed_dictionaries(
    {term: st.floats(0.01, 5.5) for term in ["fence", "wire", "Straße", "границ"]}
    | {term: st.floats(0.01, 5.5) for term in ["国境", "a b", "\ud800", "1,000"]}
)


def known(texts: list[list[str]], rarity: dict[str, float]) -> dict[str, float]:
    """Leave the rarities of the terms that occur."""
    return {term: rarity[term] for text in texts for term in text}


@given(TEXTS, RARITY)
@LAW
def test_weights_are_those_of_the_formula(texts: list[list[str]], rarity: dict[str, float]) -> None:
    """scikit-learn's weights are tf^0.7 x rarity, whatever the terms look like."""
    rarity = known(texts, rarity)
    found = weigh(texts, rarity)
    assert list(found) == sorted(rarity)
    for term, weight in found.items():
        times = sum(text.count(term) for text in texts)
        assert math.isclose(weight, times**TF_POWER * rarity[term], rel_tol=1e-12)


def test_a_process_of_its_own_weighs_the_same_to_the_last_bit() -> None:
    """What comes back is what would have been found here: order, terms and every bit."""
    texts = [["wire", "fence", "Straße"] * 3 + ["fence"], ["границ", "\ud800", "国境", "fence"]]
    rarity = {"wire": 1 / 3, "fence": math.pi, "Straße": 0.1, "границ": 5.5, "\ud800": 1e-9}
    counted = [
        Counted(texts=texts, rarity=rarity | {"国境": 2.7}),
        Counted(texts=[], rarity={}),
        Counted(texts=[["wire"] * 7], rarity={"wire": 1 / 7}),
    ]
    apart, here = weigh_apart(counted), weigh_here(counted)
    assert [list(one.items()) for one in apart] == [list(one.items()) for one in here]


def test_nothing_to_weigh_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration without topics pays nothing."""
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert weigh_apart([]) == []


@pytest.mark.parametrize(
    "start, cause",
    [
        ("raise MemoryError('no room')", "MemoryError: no room"),
        ("import os; os._exit(3)", "it ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "it ended with status -9"),
    ],
)
def test_a_process_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, start: str, cause: str
) -> None:
    """No weights, no profile: the error says what the process said last."""
    monkeypatch.setattr(weighing, "_START", start)
    with pytest.raises(WeighingError, match=f"^the seeds cannot be weighed: {cause}$"):
        weigh_apart([Counted(texts=[["wire"]], rarity={"wire": 1.0})])


def test_no_process_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none can be started, the error says why."""
    monkeypatch.setattr(sys, "executable", "/nowhere")
    with pytest.raises(WeighingError, match="no process for it: No such file or directory"):
        weigh_apart([Counted(texts=[["wire"]], rarity={"wire": 1.0})])


def test_the_daemon_does_not_load_scikit_learn() -> None:
    """All that the service imports leaves scikit-learn and scipy out."""
    code = "import monitor.cli.service, sys; print({'sklearn', 'scipy'} & {*sys.modules})"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "set()"
