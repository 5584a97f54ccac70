"""The recorded training once more, as if live: the curves grow, and the answers to a few images change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import altair as alt
import streamlit as st

from core.evaluation import metrics
from core.report import Epoch
from core.words import confidence_interval, count, duration, percent, times
from pages.common import charts, frame, learning_curves, watched_images
from pages.show.present.story import Story

TICK_SECONDS = 0.3
"""Interval between two frames while it plays."""
SHORT, LONG = 10.0, 30.0
"""Seconds in which a training is replayed, whatever it took."""
MIN_REAL, MAX_REAL = 3.0, 600.0
"""Seconds of a training that is worth watching at its own speed."""

_FONT, _LINE_SHARE = 17, 0.13
"""Pixels, and the share of the axis that a line of words takes where the chart is lowest."""
_PLAYED, _SPEED = "replay_played", "replay_seconds"


@dataclass(frozen=True)
class Played:
    """How far a run was played: the share of its training, in [0, 1], at ``since``, 0 if paused."""

    run_id: str
    share: float = 0.0
    since: float = 0.0

    def now(self, seconds: float) -> float:
        """Return the share by now, if the whole takes ``seconds``."""
        gone = (time.time() - self.since) / seconds if self.since else 0.0
        return min(self.share + gone, 1.0)


def screens(story: Story) -> int:
    """One screen."""
    return 1


def action(story: Story, screen: int) -> str:
    """Return what Next does before it goes on: play, until it has been begun."""
    return "Play" if story.run.metrics() and _played(story) == Played(story.run.id) else ""


def act(story: Story, screen: int) -> None:
    """Begin to play."""
    _play(story)


def prepare(story: Story) -> None:
    """Build the chart, whose values come later."""
    if history := story.run.metrics():
        _specification(len(history), charts.is_dark())


def show(story: Story, screen: int) -> None:
    """Show the training as far as it has been played, with its controls."""
    history = story.run.metrics()
    st.title("Watch it learn", anchor=False)
    if not history:
        st.markdown("No epoch of this run was recorded, so there is nothing to replay.")
        return
    _controls(story, history)
    is_playing = bool(_played(story).since)
    st.fragment(_frame, run_every=TICK_SECONDS if is_playing else None, key="replay")(story, history)


def _controls(story: Story, history: Sequence[Epoch]) -> None:
    played, seconds = _played(story), _seconds()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="present_controls"):
        st.badge("Replay", icon=":material/replay:", color="violet")
        if played.since:
            st.button("Pause", key="replay_play", icon=":material/pause:", shortcut="P", on_click=_pause,
                      args=(story,))  # fmt: skip
        else:
            label = "Play again" if played.share >= 1 else "Play"
            st.button(label, key="replay_play", icon=":material/play_arrow:", shortcut="P", on_click=_play,
                      args=(story,))  # fmt: skip
        for choice in _speeds(history):
            st.button(
                f"in {duration(choice)}" if choice in (SHORT, LONG) else "at its own speed",
                key=f"replay_in_{choice:g}",
                type="tertiary",
                icon=":material/check:" if choice == seconds else None,
                on_click=_choose_speed,
                args=(story, choice),
            )
        st.caption(_pace(history, seconds), width="content")


def _pace(history: Sequence[Epoch], seconds: float) -> str:
    real = _real_seconds(history)
    words = f"{count(len(history), 'epoch')} took {duration(real)}"
    if 0.75 < real / seconds < 1.25:
        return f"{words}, about as long as shown."
    return f"{words}: shown {times(real / seconds)} as fast." if real > seconds else f"{words}: shown slower."


@frame.explained()
def _frame(story: Story, history: Sequence[Epoch]) -> None:
    """Show one moment of it, and end the repetition once all of it was played."""
    played = _played(story)
    share = played.now(_seconds())
    if played.since and share >= 1:
        st.session_state[_PLAYED] = Played(story.run.id, 1.0)
        st.rerun()
    shown = _epochs_until(history, share)
    st.markdown(_words(story, history, shown))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _curve(story, history, shown)
    with right:
        _answers(story, history[shown - 1]["epoch"] if shown else 0)


def _curve(story: Story, history: Sequence[Epoch], shown: int) -> None:
    """Show the accuracy of the epochs so far; its axes stay, so that only the curves grow."""
    values = learning_curves.frame({"": [history[:shown]]}, line_share=_LINE_SHARE)
    with st.container(key="present_curve"):  # whose height the screen decides
        st.vega_lite_chart(
            values[values["metric"] == "accuracy"],
            _specification(len(history), charts.is_dark()),
            key=f"replay-{story.run.id}",
            height="stretch",
            alt="Accuracy by epoch, on training and validation images",
        )


@charts.drawn_once
def _specification(last_epoch: int, is_dark: bool) -> alt.LayerChart:
    chart = learning_curves.chart("accuracy", ("",), last_epoch=last_epoch, is_dark=is_dark, font_size=_FONT)
    large: alt.LayerChart = chart.configure_axis(labelFontSize=_FONT, titleFontSize=_FONT)
    return large


def _answers(story: Story, until: float) -> None:
    """Show the watched images with their predictions up to an epoch; a continued run lacks its first ones."""
    watched = story.run.watched()
    seen = [one for one in watched if one.epoch <= until]
    if seen:
        watched_images.show(story.summary, seen)
    elif watched:
        watched_images.show_unanswered(story.summary, watched[0])
    else:
        st.caption("This run was trained before the lab recorded the answers to single images.")


def _words(story: Story, history: Sequence[Epoch], shown: int) -> str:
    if not shown:
        return "Before the first epoch, it knows nothing."
    share, total = history[shown - 1].get("val_accuracy"), story.report.val_accuracy.total
    words = f"Epoch **{shown}** of {len(history)}"
    if share is not None and total:
        measured = metrics.proportion(round(share * total), total)
        interval = confidence_interval(measured.low, measured.high, 0)
        words += f" · validation accuracy **{percent(measured.value, 0)}** ({interval})"
    if shown == len(history):
        words += f" · epoch {story.report.kept_epoch} was the best, and was kept"
    return words


def _epochs_until(history: Sequence[Epoch], share: float) -> int:
    """Return how many epochs had ended after a share of the training."""
    ends = list(accumulate(line.get("seconds") or 1e-3 for line in history))
    return sum(end <= share * ends[-1] * (1 + 1e-9) for end in ends)


def _real_seconds(history: Sequence[Epoch]) -> float:
    return sum(line.get("seconds") or 0.0 for line in history)


def _speeds(history: Sequence[Epoch]) -> list[float]:
    real = _real_seconds(history)
    return [SHORT, LONG, *([real] if MIN_REAL <= real <= MAX_REAL else [])]


def _played(story: Story) -> Played:
    played: Played | None = st.session_state.get(_PLAYED)
    return played if played and played.run_id == story.run.id else Played(story.run.id)


def _seconds() -> float:
    seconds: float = st.session_state.get(_SPEED, SHORT)
    return seconds


def _play(story: Story) -> None:
    played = _played(story)
    share = 0.0 if played.share >= 1 else played.share
    st.session_state[_PLAYED] = Played(story.run.id, share, time.time())


def _pause(story: Story) -> None:
    played = _played(story)
    st.session_state[_PLAYED] = replace(played, share=played.now(_seconds()), since=0.0)


def _choose_speed(story: Story, seconds: float) -> None:
    played = _played(story)
    now = time.time() if played.since else 0.0
    st.session_state[_PLAYED] = Played(story.run.id, played.now(_seconds()), now)
    st.session_state[_SPEED] = seconds
