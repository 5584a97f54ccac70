"""Training in progress: its status and curves, the queue behind it, and the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from core import datasets, engine, runs
from core.config import RunConfig
from core.errors import LabError
from core.evaluation import metrics
from core.processes import memory_limit
from core.runs import Run, Status
from core.words import confidence_interval, count, duration, of_ten, percent
from pages.build.train import followed_run, live_charts, live_images
from pages.common import data_selection, frame, run_header, visitors
from pages.common.run_picker import Summary, summarise
from pages.common.text import literal

POLL_SECONDS = 0.7
"""Interval between updates while a run is active."""
MAX_LISTED = 5

_SEEN, _ENDED = "waiting_seen", "just_ended"
_MOVE_FOCUS = """<script>
setTimeout(() => {
  const box = document.querySelector(".st-key-ended"), focused = document.activeElement;
  if (!box || (focused && focused !== document.body)) return;
  box.tabIndex = -1;
  box.focus();
}, 100);
</script>"""
"""Makes the result the next stop of the keyboard, unless the keyboard is somewhere else already."""


@dataclass(frozen=True)
class Work:
    """Unfinished runs: active ones, queued ones (next one first), and interrupted ones."""

    active: tuple[Run, ...]
    queued: tuple[Run, ...]
    interrupted: tuple[Run, ...]

    @property
    def signature(self) -> tuple[str, ...]:
        """Changes when a run begins, ends or is queued."""
        return tuple(run.id for run in (*self.active, *self.queued))


def status() -> Work:
    """Read the states of all runs; restart a lost worker if runs are waiting for one."""
    frame.tend()
    states = {run: run.status.state for run in runs.all()}
    order = {run.id: index for index, run in enumerate(engine.queue())}
    queued = sorted(
        (run for run, state in states.items() if state == "queued"),
        key=lambda run: order.get(run.id, len(order)),
    )
    active = tuple(run for run, state in states.items() if state in ("starting", "running"))
    return Work(active, tuple(queued), tuple(run for run, state in states.items() if state == "interrupted"))


def show() -> bool:
    """Show unfinished runs, and the outcome of the run that is followed.

    Returns:
        Whether anything was shown.
    """
    ends = st.session_state.pop(_ENDED, [])
    for words in ends:  # a toast is a live region: screen readers read it out
        st.toast(words, icon=":material/notifications:")
    work = status()
    watched = followed_run.watched()
    if watched is None and work.active:
        followed_run.watch(watched := work.active[0])
    if watched is not None and not watched.status.waiting:
        followed_run.show_outcome(watched, with_curves=not work.active)
        if ends:
            st.html(_MOVE_FOCUS, unsafe_allow_javascript=True)
    if work.signature:
        st.session_state[_SEEN] = work.signature
        st.fragment(_follow, run_every=POLL_SECONDS, key="live")()
    interrupted = [run for run in work.interrupted if run != watched]
    if interrupted:
        _list_interrupted(interrupted)
    return bool(watched or work.signature or interrupted)


def memory_held() -> int:
    """Return the bytes of trainings under way, which are free for a run that starts after them."""
    return memory_limit.held(run.status.pid for run in status().active)


def _announce_ends(work: Work) -> None:
    """Follow the run that has just ended, and announce it when the page is next drawn."""
    for run_id in set(st.session_state.get(_SEEN, ())) - set(work.signature):
        try:
            summary = summarise(runs.open(run_id))
        except LabError:
            continue  # deleted while it waited
        followed_run.watch(summary.run)
        words = f"**{literal(summary.title)}** has {followed_run.ended(summary.status)}{_score(summary)}."
        st.session_state.setdefault(_ENDED, []).append(words)


def _score(summary: Summary) -> str:
    if not summary.finished:
        return ""
    test = summary.report.test_accuracy
    return f": {test.correct:,} of {count(test.total, 'test image')} right"


def _follow() -> None:
    with frame.explained():
        work = status()
        if work.signature != st.session_state.get(_SEEN):
            _announce_ends(work)
            st.rerun()
        for run in work.active:
            _show_progress(run)
        if work.queued:
            _list_queue(work.queued, starting=not work.active)


def _show_progress(run: Run) -> None:
    summary = summarise(run)
    status, epochs = summary.status, max(summary.status.epochs, 1)
    with st.container(border=True, key=f"live-{run.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(literal(summary.title), anchor=False, width="stretch")
            _stop_button(run)
        if summary.config is not None:
            whose = visitors.origin(run.submission, status.created)
            st.caption(" · ".join(filter(None, [literal(run_header.settings_line(summary.config)), whose])))
        if not status.batches:
            step = status.message or "Starting"
            st.progress(0.0, text=literal(step[:1].upper() + step[1:]) + " …")
            return
        within = max(status.epoch - 1, 0) + status.batch / status.batches
        share = min(within / epochs, 1.0)
        st.progress(share, text=f"{literal(status.message or 'Training')} · {percent(share, 0)}")
        _figures(status, epochs)
        _validation_words(summary)
        live_images.show(summary)
        live_charts.show(run, status)


def _stop_button(run: Run) -> None:
    asked = run.stop_requested
    visitors.stop_button(
        "Stopping …" if asked else "Stop and save",
        run.submission,
        run.status.created,
        engine.stop,
        run,
        icon=":material/stop_circle:",
        key=f"stop-{run.id}",
        disabled=asked,
        help="Stops after the current batch, then evaluates and saves the model.",
    )


def _figures(status: Status, epochs: int) -> None:
    speed = f"{status.images_per_second:,.0f}" if status.images_per_second else "–"
    with st.grid(4, min_column_width=130, gap="small"):
        st.metric("Epoch", f"{status.epoch} of {epochs}")
        st.metric("Batch", f"{status.batch} of {status.batches}")
        st.metric("Images per second", speed)
        st.metric("Time left", duration(status.seconds_left))


def _validation_words(summary: Summary) -> None:
    """Say in a sentence what the newest epoch reaches on the validation images, and what guessing would."""
    history = summary.run.metrics()
    if not history or summary.config is None:
        st.caption("Validation scores and curves appear after the first epoch.")
        return
    last = history[-1]
    accuracy = last.get("val_accuracy")
    images, guess = _validation_images(summary.config)
    sentence = f"After epoch {last['epoch']}: **{of_ten(accuracy)} right** on validation"
    if guess is not None:
        sentence += f"; always guessing the most common class would get {of_ten(guess)}"
    st.markdown(f"{sentence}.")
    exactly = f"Validation accuracy {percent(accuracy)}"
    if images and accuracy is not None:
        bounds = metrics.proportion(round(accuracy * images), images)
        exactly += f" ({confidence_interval(bounds.low, bounds.high)}; {count(images, 'image')})"
    st.caption(f"{exactly}. Training figures are means of whole epochs, with augmentation.")


def _validation_images(config: RunConfig) -> tuple[int, float | None]:
    """Return the number of validation images, and the share of them in the most common training class."""
    try:
        selection = data_selection.select(datasets.open(config.data.source, config.data.version), config.data)
    except LabError:
        return 0, None
    counts = selection.counts()
    training, validation = counts["train"], counts["validation"]
    total = sum(validation.values())
    most_common = max(training, key=lambda name: training[name])
    return total, validation.get(most_common, 0) / total if total else None


def _list_queue(queued: Sequence[Run], *, starting: bool) -> None:
    st.markdown(f"**Queue** · {count(len(queued), 'run')}")
    if starting:
        st.caption("The training process is starting. A cold start takes about 15 seconds.")
    for position, run in enumerate(queued, start=1):
        with _row(run, f"{position}. "):
            visitors.stop_button(
                "Cancel",
                run.submission,
                run.status.created,
                engine.stop,
                run,
                icon=":material/close:",
                key=f"cancel-{run.id}",
            )


def _list_interrupted(interrupted: Sequence[Run]) -> None:
    with st.expander(
        f"{count(len(interrupted), 'interrupted run')} can be resumed",
        icon=":material/pause_circle:",
        key="interrupted",
    ):
        st.caption(
            "Newest first. Resume continues from the last finished epoch, with the optimiser's saved state."
        )
        for run in interrupted[:MAX_LISTED]:
            with _row(run, ""):
                st.button(
                    "Resume",
                    icon=":material/resume:",
                    key=f"resume-{run.id}",
                    on_click=frame.attempt,
                    args=(followed_run.resume, run),
                )


@contextmanager
def _row(run: Run, before: str) -> Iterator[None]:
    """Show a run in a row, to whose end the block adds a button."""
    summary = summarise(run)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"row-{run.id}"):
        with st.container(gap=None):
            st.markdown(f"{before}**{literal(summary.title)}**")
            if summary.config is not None:
                st.caption(literal(run_header.settings_line(summary.config)))
        yield
