"""Did an advice help? Two readings of learning curves and the verdict between the two runs, in words."""

from __future__ import annotations

from core.comparison.verdicts import Verdict
from core.evaluation.curve_reading import Reading


def did_it_help(before: Reading, after: Reading, on_validation: Verdict) -> str:
    """Whether a suggestion of ``before`` helped.

    Args:
        before: reading of the run that the suggestion was made for.
        after: reading of the run that followed it.
        on_validation: :func:`core.comparison.verdicts.judge` on both, the earlier one first, from their
        answers on
            the validation images: this is a choice, and the test images are not for choosing.
    """
    if before.kind == after.kind:
        curves = f"The curves read as before: {after.kind}."
    else:
        curves = f"The curves read {after.kind} now, and read {before.kind} before."
    helped = "Whether it helped is open."
    if on_validation.kind == "better" and on_validation.measured:
        helped = "It helped." if on_validation.measured.difference > 0 else "It did harm."
    seen = on_validation.sentence[:1].upper() + on_validation.sentence[1:]
    return f"{helped} {seen} {curves}"
