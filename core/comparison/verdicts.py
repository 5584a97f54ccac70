"""Verdicts, in words, on whether the difference between runs is real or luck."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from core.comparison import paired_tests, pairing
from core.comparison.paired_tests import MIN_PAIRS, Measured
from core.comparison.pairing import Pair, Result
from core.comparison.pairing import from_run as from_run
from core.training import cost_estimate
from core.words import about, count, points, points_interval, times

Kind = Literal["better", "no difference seen", "cannot tell", "withheld"]

WORTH_HAVING = 0.02
"""A smaller difference in accuracy counts as none, provided the interval excludes a larger one."""


MUCH_LONGER = 1.5
"""Times as many epochs, from which the longer training may explain a difference."""


@dataclass(frozen=True)
class Verdict:
    """Whether one side is better.

    winner: name of the better side, or empty; measured: test, n, p, difference and interval, None if
    withheld; more_runs_needed: further repeats of each side that should show whether the settings differ;
    notes: the limits of the comparison, a sentence each; caveat: what else may have made the winner better,
    such as ``it trained twice as long``, or empty.
    """

    kind: Kind
    sentence: str
    winner: str = ""
    measured: Measured | None = None
    more_runs_needed: int | None = None
    notes: tuple[str, ...] = ()
    caveat: str = ""

    def __str__(self) -> str:
        """The sentence, followed by the notes, one per line."""
        return "\n".join((self.sentence, *self.notes))

    def _repr_html_(self) -> str:
        """The same text as HTML, for a notebook."""
        return "".join(f"<p>{html.escape(line)}</p>" for line in (self.sentence, *self.notes))


def judge_pairs(sides: Mapping[str, Sequence[Result]]) -> dict[tuple[str, str], Verdict]:
    """Return a verdict on every pair of sides, by their names; with several pairs, p is Holm-corrected.

    Args:
        sides: by name, the result of one run, or of its repeats with other seeds. Two single runs are
            compared as trained models; repeats are compared as settings, paired by seed.
    """
    pairs = [pairing.pair(names, sides[names[0]], sides[names[1]]) for names in combinations(sides, 2)]
    measured = {pair.names: _measure(pair) for pair in pairs if not pair.obstacle}
    corrected = paired_tests.holm([m.p for m in measured.values()])
    for names, p in zip(measured, corrected, strict=True):
        measured[names] = replace(measured[names], p=p)
    return {pair.names: _verdict(pair, measured.get(pair.names)) for pair in pairs}


def judge(sides: Mapping[str, Sequence[Result]]) -> Verdict:
    """Return the verdict on exactly two sides, see :func:`judge_pairs`."""
    (only,) = judge_pairs(sides).values()
    return only


def common_deviation(groups: Iterable[Sequence[float]]) -> float | None:
    """Return the SD of a score between seeds, pooled over groups of repeats; None without repeats."""
    repeated = [np.asarray(group, np.float64) for group in groups if len(group) > 1]
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in repeated)
    return float(np.sqrt(squares / sum(len(group) - 1 for group in repeated))) if repeated else None


def luck_in_words(runs: int, deviation: float) -> str:
    """Say how much choosing the best of several runs adds to its score by luck alone."""
    luck = paired_tests.luck_of_the_best(runs, deviation)
    return (
        f"Best of {runs}: expect about {points(luck)} of luck. Scores of runs that differ only in the seed "
        f"vary by {points(deviation)} (SD), so the best of {runs} exceeds their mean by chance."
    )


def _measure(pair: Pair) -> Measured:
    if len(pair.first) == 1:
        return paired_tests.models(pair.first[0], pair.second[0], pair.groups)
    return paired_tests.settings(pair.first, pair.second, pair.groups)


def _verdict(pair: Pair, measured: Measured | None) -> Verdict:
    if measured is None:
        return Verdict("withheld", f"No verdict. {pair.obstacle}", notes=pair.notes)
    seen = _seen(pair, measured)
    if measured.is_real:
        return _better(pair, measured, seen)
    if measured.low > -WORTH_HAVING and measured.high < WORTH_HAVING:
        sentence = f"No meaningful difference. {seen} {_meaning(pair)}"
        return Verdict("no difference seen", sentence, measured=measured, notes=pair.notes)
    more, advice = _advice(pair)
    sentence = f"Cannot tell yet. {seen} {advice}"
    return Verdict("cannot tell", sentence, measured=measured, more_runs_needed=more, notes=pair.notes)


def _better(pair: Pair, measured: Measured, seen: str) -> Verdict:
    """Two single runs are two models: one in six pairs that differ in the seed alone is called so."""
    index = int(measured.difference > 0)
    winner, caveat = pair.names[index], _caveat(pair, index)
    but = f", but {caveat}" if caveat else ""
    if len(pair.first) > 1:
        sentence = f"{winner} has the better settings{but}. {seen} {_meaning(pair)}"
        return Verdict("better", sentence, winner, measured, None, pair.notes, caveat)
    more = MIN_PAIRS - 1
    sentence = (
        f"This model of {winner} is better{but}; about the settings, one run each cannot tell. {seen} One in "
        "six pairs of runs that differ only in the seed are found to differ, too. To compare the settings, "
        f"repeat both with {more} more seeds."
    )
    return Verdict("better", sentence, winner, measured, more, pair.notes, caveat)


def _caveat(pair: Pair, winner: int) -> str:
    """Return what else may have made a side better, the likeliest reason first; or nothing."""
    mine, theirs = pair.epochs[winner], pair.epochs[1 - winner]
    if theirs and mine >= MUCH_LONGER * theirs:
        return f"it trained {times(mine / theirs)} as long"
    return "" if pair.are_same_images else "the two learned from different images"


def _seen(pair: Pair, measured: Measured) -> str:
    """Describe the difference and its interval, both from the viewpoint of the leading side."""
    sign = -1 if measured.difference < 0 else 1
    leader, other = pair.names[::-sign]
    low, high = sorted((sign * measured.low, sign * measured.high))
    runs = "" if len(pair.first) == 1 else f" and {len(pair.first)} runs each"
    found = f"{leader} leads {other} by {points(abs(measured.difference))}"
    if not measured.difference:
        found = f"{pair.names[0]} and {pair.names[1]} are level"
    images = count(pair.first.shape[1], "image")
    if pair.groups is not None:
        images += f" of {count(len(np.unique(pair.groups)), 'group')}"
    return f"On {images}{runs}, {found} (95% CI: {points_interval(low, high)})."


def _meaning(pair: Pair) -> str:
    if len(pair.first) == 1:
        return "This applies to these two trained models; with another seed the result may differ."
    return "This applies to these settings, whatever the seed."


def _advice(pair: Pair) -> tuple[int | None, str]:
    """Return how many more repeats of each side would settle it, and what to do, in words."""
    if len(pair.first) == 1:
        more: int | None = MIN_PAIRS - 1
        text = f"This may be luck. To compare the settings, repeat both with {more} more seeds"
    else:
        more = paired_tests.more_pairs_needed(pair.first, pair.second, pair.groups)
        text = f"This may be luck. About {more} more repeats of each should settle it"
    if more is None:
        needed = "images" if pair.groups is None else "groups of images"
        return None, f"More repeats cannot settle it: a difference this small needs more {needed}."
    return more, f"{text} ({about(more * (pair.seconds + 2 * cost_estimate.SECONDS_TO_START))})."
