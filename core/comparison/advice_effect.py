"""Whether a suggestion helped, in words: two readings of learning curves and the verdict on the runs."""

from __future__ import annotations

from collections.abc import Sequence

from core.comparison.verdicts import Verdict
from core.evaluation import metrics
from core.evaluation.curve_reading import Reading
from core.report import ClassScores
from core.words import percent


def balance_in_words(before: Sequence[ClassScores], after: Sequence[ClassScores]) -> str:
    """What class weights did for balanced accuracy, which they are for, whatever happened to accuracy.

    Args:
        before: the scores of each class on the validation images without class weights.
        after: the same with them.
    """
    balanced = [percent(metrics.mean_recall(scores)) for scores in (before, after)]
    return f"Balanced accuracy, which class weights are for: {balanced[0]} before, {balanced[1]} now."


def did_it_help(before: Reading, after: Reading, on_validation: Verdict) -> str:
    """Say whether the suggestion of ``before`` helped.

    Args:
        before: reading of the run that the suggestion was made for.
        after: reading of the run that followed the suggestion.
        on_validation: :func:`core.comparison.verdicts.judge` on both runs, the earlier one first, from
            their predictions on the validation images: this is a choice, and the test images are not
            for choosing.
    """
    if before.kind == after.kind:
        curves = f"Learning curves: {after.kind}, as before."
    else:
        curves = f"Learning curves: {before.kind} before, {after.kind} now."
    helped = "It is not clear whether this helped."
    if on_validation.kind == "better" and on_validation.measured:
        helped = "This helped." if on_validation.measured.difference > 0 else "This made the result worse."
    seen = on_validation.sentence[:1].upper() + on_validation.sentence[1:]
    return f"{helped} {seen} {curves}"
