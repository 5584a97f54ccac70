"""What the checks say about a data set: findings, each with its images and with what mends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pandas as pd

from core.words import listed

Severity = Literal["good", "note", "warning", "serious"]
Action = Literal["", "exclude", "keep_one", "cap"]


@dataclass(frozen=True)
class Finding:
    """One line of the checklist.

    Attributes:
        name: for programs, for example ``too_dark``.
        title: for people.
        verdict: a sentence with the numbers.
        severity: good; note (worth a look); warning (mend it first); serious (training would mislead).
        numbers: what the verdict rests on.
        ids: the images behind it, the most striking first.
        groups: images that belong together, such as copies, what stays first.
        action: what mends it: exclude the images, keep one of each group, or cap each class.
        removed: the images that the action leaves out.
        settings: the settings of a run that mend it, by path.
        cost: what else that changes for the worse, in sentences; empty where nothing does.
        box: it is one of the four boxes of the overall verdict.
    """

    name: str
    title: str
    verdict: str
    severity: Severity
    numbers: dict[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    action: Action = ""
    removed: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    cost: str = ""
    box: bool = False

    @property
    def ticked(self) -> bool:
        """The box is ticked."""
        return self.box and self.severity in ("good", "note")


@dataclass(frozen=True)
class Report:
    """All findings, and whether the data set is ready for training: 3 of 4 boxes at least, none serious."""

    findings: tuple[Finding, ...]
    distance: int

    @property
    def boxes(self) -> tuple[Finding, ...]:
        """The four boxes: enough images, balance, unique images, variety."""
        return tuple(finding for finding in self.findings if finding.box)

    @property
    def fit(self) -> bool:
        """Training on it makes sense."""
        return self._ticked >= 3 and not self.of_severity("serious")

    @property
    def verdict(self) -> str:
        """The overall verdict, a sentence or two."""
        if not self.boxes:
            return "Not ready for training yet: there is no readable image in use."
        passed = f"{self._ticked} of {len(self.boxes)} checks passed"
        failed = [finding.title.lower() for finding in self.boxes if not finding.ticked]
        serious = [finding.title.lower() for finding in self.of_severity("serious")]
        if serious:
            return (
                f"Not ready for training yet: {passed}, and this must be fixed first: {', '.join(serious)}."
            )
        if not self.fit:
            return f"Not ready for training yet: {passed}, 3 are needed. Failed: {', '.join(failed)}."
        return f"Ready for training: {passed}." + (f" Failed: {', '.join(failed)}." if failed else "")

    def of_severity(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def finding(self, name: str) -> Finding:
        """The finding of a name.

        Raises:
            KeyError: there is none.
        """
        return {finding.name: finding for finding in self.findings}[name]

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "fit": self.fit,
            "verdict": self.verdict,
            "distance": self.distance,
            "findings": [{**asdict(finding), "ticked": finding.ticked} for finding in self.findings],
        }

    @property
    def _ticked(self) -> int:
        return sum(finding.ticked for finding in self.boxes)


def classes(names: list[str]) -> str:
    """Names of classes in quotes, the first few."""
    return listed([f"'{name}'" for name in names], 3)


def grouped(copies: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """The ids of each group ``near``, in the order of the rows."""
    return tuple(copies.groupby("near", sort=False)["id"].agg(tuple))
