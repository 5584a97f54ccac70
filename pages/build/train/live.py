"""Training in progress: its status and curves, the queue behind it, and the outcome."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import datasets, engine, runs
from core.config import RunConfig
from core.errors import LabError
from core.evaluation import metrics
from core.processes import memory_limit
from core.runs import Run, Status
from core.training import memory_estimate
from core.training.memory_estimate import ShortOfMemory
from core.words import confidence_interval, count, duration, of_ten, percent
from pages.build.train import followed_run, live_charts, run_lists
from pages.common import data_selection, frame, keyboard, run_header, visitors, watched_images, work_progress
from pages.common.run_picker import Summary, summarise
from pages.common.text import literal

POLL_SECONDS = 0.7
"""Interval between updates while a run is active."""

_SEEN, _ENDED = "waiting_seen", "just_ended"


@dataclass(frozen=True)
class Work:
    """Runs to know of: active ones, queued ones (next one first), interrupted ones, and the last to end."""

    active: tuple[Run, ...]
    queued: tuple[Run, ...]
    interrupted: tuple[Run, ...]
    finished: tuple[Run, ...]

    @property
    def signature(self) -> tuple[str, ...]:
        """Changes when a run begins, ends or is queued."""
        return tuple(run.id for run in (*self.active, *self.queued))


def status() -> Work:
    """Read the states of all runs; restart a lost worker if runs are waiting for one."""
    frame.tend()
    statuses = {run: run.status for run in runs.all()}
    order = {run.id: index for index, run in enumerate(engine.queue())}
    queued = [run for run, status in statuses.items() if status.state == "queued"]
    ended = [
        run for run, status in statuses.items() if status.state in ("done", "stopped") and run.has_report
    ]
    return Work(
        active=tuple(run for run, status in statuses.items() if status.state in ("starting", "running")),
        queued=tuple(sorted(queued, key=lambda run: order.get(run.id, len(order)))),
        interrupted=tuple(run for run, status in statuses.items() if status.state == "interrupted"),
        finished=tuple(
            sorted(ended, key=lambda run: statuses[run].ended, reverse=True)[: run_lists.MAX_LISTED]
        ),
    )


@dataclass(frozen=True)
class Shown:
    """Whether any run was shown, and the next step, so that Start is not; and the runs that ended last."""

    anything: bool
    has_next_step: bool
    finished: tuple[Run, ...]


def show() -> Shown:
    """Show unfinished runs, and the outcome of the run that is followed."""
    ends = st.session_state.pop(_ENDED, [])
    for words in ends:  # a toast is a live region: screen readers read it out
        st.toast(words, icon=":material/notifications:")
    work = status()
    watched = followed_run.watched()
    if watched is None and work.active:
        followed_run.watch(watched := work.active[0])
    has_next_step = bool(work.signature)
    if watched is not None and not watched.status.waiting:
        has_next_step = followed_run.show_outcome(watched, with_curves=not work.active) or has_next_step
        if ends:
            keyboard.go_to("ended")
    if work.signature:
        st.session_state[_SEEN] = work.signature
        st.fragment(_follow, run_every=POLL_SECONDS, key="live")()
    interrupted = [run for run in work.interrupted if run != watched]
    if interrupted:
        run_lists.show_interrupted(interrupted)
    return Shown(bool(watched or work.signature or interrupted), has_next_step, work.finished)


def check_memory(config: RunConfig, num_classes: int) -> None:
    """Raise ShortOfMemory if a run would need more than is free once the trainings under way have ended.

    Raises:
        LabError: it needs more than this machine has.
    """
    try:
        memory_estimate.check_free(config, num_classes)
    except ShortOfMemory:
        held = memory_limit.held(run.status.pid for run in status().active)
        memory_estimate.check_free(config, num_classes, held)


def _announce_ends(work: Work) -> None:
    """Announce the runs that have just ended when the page is next drawn; follow one only if none is."""
    for run_id in set(st.session_state.get(_SEEN, ())) - set(work.signature):
        try:
            summary = summarise(runs.open(run_id))
        except LabError:
            continue  # deleted while it waited
        if followed_run.watched() is None:
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
            run_lists.show_queue(work.queued, starting=not work.active)


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
            work_progress.show_unmeasured(f"{status.message or 'Starting'} …", key=run.id)
            return
        within = max(status.epoch - 1, 0) + status.batch / status.batches
        share = min(within / epochs, 1.0)
        st.progress(share, text=f"{literal(status.message or 'Training')} · {percent(share, 0)}")
        _figures(status, epochs)
        _validation_words(summary)
        watched_images.show(summary, summary.run.watched()[: len(summary.run.metrics())])
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
