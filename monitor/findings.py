"""What was found when the service was looked at: how it is, why, and what helps. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding matters, the worst last."""

    WELL = "well"
    # Somebody ought to look at it; the service does its work.
    WARNING = "warning"
    # Somebody has to mend it: until then nobody is told, or something is lost.
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and how it is."""

    # In a word or two: `database`, `feeds`, `receiver newsroom`.
    about: str
    grade: Grade
    # Without secrets.
    what: str
    # What a person can do about it; empty if it is well, or if `what` says so.
    cure: str = ""

    def sentence(self) -> str:
        """Say what is wrong and what helps.

        >>> Finding(about="disk", grade=Grade.FAULT, what="it is full", cure="free some").sentence()
        'it is full: free some'
        """
        return f"{self.what}: {self.cure}" if self.cure else self.what


def warning(about: str, what: str, cure: str = "") -> Finding:
    """Make a finding that somebody ought to look at."""
    return Finding(about=about, grade=Grade.WARNING, what=what, cure=cure)


def fault(about: str, what: str, cure: str = "") -> Finding:
    """Make a finding that somebody has to mend."""
    return Finding(about=about, grade=Grade.FAULT, what=what, cure=cure)


def well(about: str, what: str) -> Finding:
    """Make a finding that all is as it should be."""
    return Finding(about=about, grade=Grade.WELL, what=what)


def health(findings: Iterable[Finding]) -> str:
    """Give the health of the whole in a word: that of the worst finding.

    >>> health([]), health([warning("feeds", "one fails")]), health([fault("disk", "it is full")])
    ('well', 'ailing', 'broken')
    """
    grades = {one.grade for one in findings}
    if Grade.FAULT in grades:
        return "broken"
    return "ailing" if Grade.WARNING in grades else "well"
