"""Is the difference real or luck? The verdict in words, at the top of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.comparison import paired_tests, verdicts
from core.comparison.verdicts import Verdict
from core.errors import LabError
from core.words import count, listed, points, points_interval
from pages.common import frame, present_link
from pages.common.expander import lazy_expander
from pages.common.run_lines import Line
from pages.common.text import literal
from pages.understand.compare import runs_actions
from pages.understand.compare.sides import Side

Verdicts = Mapping[tuple[str, str], Verdict]

_MARKS = {
    "better": (":material/check_circle:", "green"),
    "no difference seen": (":material/equal:", "gray"),
    "cannot tell": (":material/help:", "orange"),
    "withheld": (":material/block:", "red"),
}


def show(sides: Sequence[Side], everything: Sequence[Line], split: str) -> None:
    """Show the verdict on all sides that have a result, its limits, and the next step."""
    finished = [side for side in sides if side.finished]
    for side in sides:
        if not side.finished:
            st.caption(f"{side.letter} ({literal(side.line.title)}) has no result yet: {side.line.state}.")
    if len(finished) < 2:
        return
    try:
        found = _verdicts(tuple((side.letter, side.stamp) for side in finished), split, finished)
    except LabError as error:
        st.warning(literal(error), title="These runs cannot be compared", icon=":material/block:")
        return
    with st.container(border=True, key="verdict"):
        names = " · ".join(f"**{side.letter}** {literal(side.line.title)}" for side in finished)
        st.caption(f"{names} · on the {split} images")
        if len(found) == 1:
            (only,) = found.values()
            _headline("cannot tell" if only.caveat else only.kind, *_split_headline(only.sentence))
        else:
            _headline(*_of_several(finished, found))
            _show_pairs(found)
        _show_limits(found)
        if len(finished) > 2:
            _show_luck(finished, everything)
        _offer_repeats(finished, found)
        _offer_presentations(finished)
        lazy_expander(
            "How this was tested", _details, found, split, key="verdict_details", icon=":material/functions:"
        )


def _offer_presentations(finished: Sequence[Side]) -> None:
    """Offer to present each model that is one run; repeats have no single result to show."""
    with st.container(horizontal=True):
        for side in finished:
            if len(side.finished) == 1:
                present_link.show(side.finished[0].run.id, f"Present {side.letter}")


@st.cache_data(max_entries=64, show_spinner=False)
def _verdicts(stamps: tuple[object, ...], split: str, _sides: Sequence[Side]) -> Verdicts:
    return verdicts.judge_pairs({side.letter: side.results(split) for side in _sides})


def _headline(kind: str, short: str, long: str) -> None:
    icon, colour = _MARKS[kind]
    st.markdown(f"### :{colour}[{icon}] {literal(short)}")
    st.markdown(literal(long))


def _split_headline(sentence: str) -> tuple[str, str]:
    short, _, long = sentence.partition(". ")
    return f"{short}.", long


def _of_several(sides: Sequence[Side], found: Verdicts) -> tuple[str, str, str]:
    """Sum up the verdicts on several sides: which are beaten, and which may be the best."""
    letters = [side.letter for side in sides]
    beaten = {
        letter
        for names, verdict in found.items()
        if verdict.kind == "better"
        for letter in names
        if letter != verdict.winner
    }
    unbeaten = [letter for letter in letters if letter not in beaten]
    if all(verdict.kind == "withheld" for verdict in found.values()):
        return "withheld", "No verdict.", next(iter(found.values())).sentence.removeprefix("No verdict. ")
    corrected = f"The results are corrected for making {len(found)} comparisons."
    if not beaten:
        if all(verdict.kind == "no difference seen" for verdict in found.values()):
            return "no difference seen", "No meaningful difference between any two.", corrected
        return (
            "cannot tell",
            "Cannot tell yet which is best.",
            f"None has been shown to beat another. {corrected}",
        )
    lost = f"{listed(sorted(beaten))} {'is' if len(beaten) == 1 else 'are'} worse than at least one other."
    if len(unbeaten) == 1 and all(_wins(unbeaten[0], other, found) for other in beaten):
        are_models = not any(side.line.is_repeated for side in sides)
        what = "is the best of these models" if are_models else "has the best settings"
        return "better", f"{unbeaten[0]} {what}.", corrected
    return "cannot tell", f"The best is one of {listed(unbeaten)}.", f"{lost} {corrected}"


def _wins(letter: str, other: str, found: Verdicts) -> bool:
    return any({letter, other} == set(names) and v.winner == letter for names, v in found.items())


def _show_pairs(found: Verdicts) -> None:
    """Show a sentence per pair, in an expander if there are many."""
    text = "\n".join(
        f"- **{first} and {second}**: {literal(v.sentence)}" for (first, second), v in found.items()
    )
    if len(found) <= 3:
        st.markdown(text)
    else:
        with st.expander(f"All pairs: {len(found)} comparisons", icon=":material/balance:"):
            st.markdown(text)


def _show_limits(found: Verdicts) -> None:
    """Show, in plain words, what differs between the sides but should not."""
    by_note: dict[str, list[str]] = {}
    for names, verdict in found.items():
        for note in verdict.notes:
            by_note.setdefault(note, []).append(" and ".join(names))
    if not by_note:
        return
    lines = [
        literal(note)
        if len(found) == 1 or len(pairs) == len(found)
        else f"{', '.join(pairs)}: {literal(note)}"
        for note, pairs in by_note.items()
    ]
    st.warning(
        "\n".join(f"- {line}" for line in lines),
        title="Note what else differs",
        icon=":material/rule:",
    )


def _show_luck(sides: Sequence[Side], everything: Sequence[Line]) -> None:
    """Show how much of the best score on these images comes from choosing among many runs."""
    prints = {summary.report.split_fingerprint for side in sides for summary in side.finished}
    rivals = [line for line in everything if any(s.report.split_fingerprint in prints for s in line.finished)]
    deviation = verdicts.common_deviation([line.scores("val_accuracy") for line in rivals])
    if deviation is None:
        st.caption(
            f"You have {len(rivals)} such results on these images. The best of many is partly lucky; "
            "repeat one with new seeds to see by how much."
        )
    else:
        st.caption(literal(verdicts.luck_in_words(len(rivals), deviation)))


def _offer_repeats(sides: Sequence[Side], found: Verdicts) -> None:
    """Offer, in one click, the repeats that would decide."""
    lines = [side.line for side in sides if side.line.first.config]
    waiting = sum(summary.status.waiting for line in lines for summary in line.summaries)
    more = max(_missing_shared_seeds(sides), _repeats_to_decide(found))
    if waiting:
        st.caption(
            f":material/hourglass_top: {count(waiting, 'run')} in progress; the verdict will include them."
        )
    elif more and len(lines) == len(sides):
        which = "both" if len(lines) == 2 else f"all {len(lines)}"
        st.button(
            f"Repeat {which} with {count(more, 'new seed')} · {runs_actions.time_to_repeat(lines, more)}",
            key="repeat_to_tell",
            type="primary",
            icon=":material/casino:",
            on_click=frame.attempt,
            args=(runs_actions.repeat, lines, more),
        )


def _repeats_to_decide(found: Verdicts) -> int:
    """Return how many more repeats would decide the first pair; more are offered after those."""
    return min((v.more_runs_needed for v in found.values() if v.more_runs_needed), default=0)


def _missing_shared_seeds(sides: Sequence[Side]) -> int:
    """Return how many shared seeds are missing if some sides are repeats without pairs to compare."""
    if not any(len(side.finished) > 1 for side in sides):
        return 0
    seeds = [{s.config.fit.seed for s in side.finished if s.config} for side in sides]
    shared = len(set.intersection(*seeds))
    return paired_tests.MIN_PAIRS - shared if shared < 2 else 0


def _details(found: Verdicts, split: str) -> None:
    st.dataframe(
        details_frame(found),
        hide_index=True,
        height="content",
        placeholder="–",
        alt="The tests behind the verdict",
    )
    st.caption(
        f"On the {split} images, each predicted by both sides. n counts images for the exact McNemar "
        "test (is each side the only correct one equally often?), and pairs of runs with the same seed "
        "for the sign-flip test. p: how often luck alone would show a difference at least this large"
        + (", corrected for the number of comparisons (Holm)." if len(found) > 1 else ".")
        + " A difference is called real only if p is at most 0.05 and the 95% CI excludes 0. "
        "If there is no true difference, that happens in at most 5% of comparisons."
    )


def details_frame(found: Verdicts) -> pd.DataFrame:
    """Return a row per pair of sides: test, n, p, difference and interval."""
    rows = []
    for names, verdict in found.items():
        m = verdict.measured
        numbers = (
            (m.test, m.n, _p(m.p), points(m.difference, signed=True), points_interval(m.low, m.high))
            if m
            else ("none", None, None, None, None)
        )
        rows.append((f"{names[1]} minus {names[0]}", *numbers))
    columns = ["Comparison", "Test", "n", "p", "Difference", "95% CI"]
    return pd.DataFrame(rows, columns=columns)


def _p(p: float) -> str:
    return "below 0.0001" if p < 0.0001 else f"{p:.4f}"
