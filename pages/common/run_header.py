"""A run in words: its state, its settings in a line, and the next step if it has no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from core import engine, run_names, runs
from core.config import RunConfig
from core.errors import LabError
from core.export import run_archive
from core.runs import Run, Status, Submission
from core.words import about, count, duration, number, setting_value
from pages.common import frame, present_link, visitors
from pages.common.addresses import COPIED_RUN_KEY, HOME, RUN_KEY, TRAIN
from pages.common.run_picker import Summary, started
from pages.common.text import literal

FINISH = "Evaluate the best epoch"
FINISH_HELP = (
    "Ends the run without more training: its best epoch so far is tested, and can then be explained."
)


def show_empty(purpose: str) -> None:
    """Show what an empty workspace displays instead of a page."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(":material/science: **No runs yet**", text_alignment="center")
        st.markdown(
            f"{purpose} Train your first model: the built-in images are ready to train on.",
            text_alignment="center",
        )
        if st.button("Begin at Home", key="begin", type="primary", icon=":material/home:"):
            st.switch_page(HOME)


def card(summary: Summary) -> None:
    """Show the state, main settings and times of a run in two small lines."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        icon, colour = _badge(summary.status.state)
        st.badge(summary.state, icon=icon, color=colour)
        if summary.run.labels.starred:
            st.badge("starred", icon=":material/star:", color="yellow")
        for tag in summary.run.labels.tags:
            st.badge(literal(tag), color="gray")
        if summary.run.is_example:
            st.badge("comes with the lab", icon=":material/redeem:", color="gray")
        else:
            _offer_rename(summary)
        if summary.finished:
            present_link.show(summary.run.id)
    if summary.config:
        st.caption(literal(settings_line(summary.config)) + _when(summary.status))
    if summary.run.labels.notes:
        st.text(summary.run.labels.notes)


def _offer_rename(summary: Summary) -> None:
    key = f"rename {summary.run.id}"
    with st.popover("Rename", icon=":material/edit:", type="tertiary", key=f"{key} popover"):
        st.text_input(
            "Run name",
            value=summary.run.labels.name,
            max_chars=run_names.MAX_LENGTH,
            key=key,
            on_change=frame.attempt,
            args=(_rename, summary.run, key),
        )


def _rename(run: Run, key: str) -> None:
    run.relabel(name=" ".join(st.session_state[key].split()))


def settings_line(config: RunConfig) -> str:
    """Return the main settings of a run in one line."""
    fit = config.fit
    parts = (
        config.data.source,
        f"{config.data.image_size} px",
        _network(config),
        f"{fit.optimizer} {number(fit.learning_rate)}",
        f"batch {fit.batch_size}",
        f"up to {count(config.max_epochs, 'epoch')}",
        f"seed {fit.seed}",
    )
    return " · ".join(parts)


def _network(config: RunConfig) -> str:
    if config.backbone is None:
        return f"filters {', '.join(map(str, config.model.filters))}"
    tuned = setting_value("model.fine_tune", config.model.fine_tune)
    return f"{config.backbone.title}, fine-tuned: {tuned}"


def offer_next_training(summary: Summary) -> None:
    """Show the next step once a result has been seen: train again with these settings, changed."""
    if summary.config is None:
        return
    if st.button(
        "Change a setting and train again", key="train_again", type="primary", icon=":material/tune:"
    ):
        st.switch_page(TRAIN, query_params={COPIED_RUN_KEY: summary.run.id})


def show_unfinished(summary: Summary) -> None:
    """Show what happened to a run without a result, and the next step."""
    status = summary.status
    if status.waiting:
        st.info(_progress(status), title=f"This run is {summary.state}", icon=":material/hourglass_top:")
        st.page_link(TRAIN, label="Watch it on the Train page", icon=":material/monitoring:")
    elif status.state == "damaged" or summary.fault:
        show_damaged(summary)
    else:
        words = " ".join(filter(None, [status.message, status.hint]))
        st.warning(
            literal(words or "The run ended before it was evaluated."),
            title=f"This run was {summary.state} and has no test result"
            if status.state in ("interrupted", "stopped")
            else f"This run {summary.state} and has no test result",
            icon=":material/warning:",
        )
        if status.too_large:
            link_to_settings(summary.run)
        else:
            _offer_resume(summary)


def link_to_settings(run: Run) -> None:
    """Offer the settings of a run that was too large, to be changed: resuming it is of no use."""
    st.page_link(
        TRAIN,
        label="Change its settings and start again",
        icon=":material/tune:",
        query_params={COPIED_RUN_KEY: run.id},
    )


def _offer_resume(summary: Summary) -> None:
    epochs = len(summary.run.metrics())
    st.text(
        f"{count(epochs, 'epoch')} finished. Resuming continues from the last checkpoint."
        if epochs
        else "No epoch finished. Resuming starts again with the same settings."
    )
    with st.container(horizontal=True):
        if st.button("Resume this run", icon=":material/resume:", type="primary", key="resume"):
            _start(engine.resume, summary.run)
        if finish_button_fits(summary.run, summary.status) and st.button(
            FINISH, icon=":material/task_alt:", key="finish", help=FINISH_HELP
        ):
            _start(engine.finish, summary.run)


def finish_button_fits(run: Run, status: Status) -> bool:
    """Whether a run was cut off with a best epoch that could be evaluated as it is."""
    return status.state in ("interrupted", "failed") and run.has_checkpoint and not run.has_report


def _start(work: Callable[[Run, Submission], None], run: Run) -> None:
    try:
        work(run, visitors.submission())
    except LabError as error:
        st.error(literal(error))
    else:
        st.switch_page(TRAIN, query_params={RUN_KEY: run.id})


def show_damaged(summary: Summary) -> None:
    """Show which file of a run cannot be read, and what can be done: download its files, or delete it."""
    st.error(
        literal(summary.fault or summary.status.message),
        title="This run's files cannot be read",
        icon=":material/broken_image:",
    )
    st.text(
        f"Its folder is {summary.run.path}. Other runs are not affected. "
        "If you have a backup, restore it. Otherwise, move the folder to the trash; you can undo that later."
    )
    with st.container(horizontal=True):
        export_button(summary.run, "The files as they are, to keep or repair.")
        if st.button("Move to the trash", icon=":material/delete:", key="trash"):
            try:
                runs.delete(summary.run)
            except LabError as error:
                st.error(literal(error))
            else:
                del st.query_params[RUN_KEY], st.session_state[RUN_KEY]
                st.rerun()


def export_button(run: Run, explanation: str) -> None:
    """Show a button that packs and downloads a run."""
    st.download_button(
        "Export",
        lambda: run_archive.pack(run),
        f"{run.id}.zip",
        "application/zip",
        key="export_run",
        icon=":material/download:",
        on_click="ignore",
        help=explanation,
    )


def _when(status: Status) -> str:
    took = f", took {duration(status.seconds)}" if status.ended > status.started > 0 else ""
    return f" · {started(status)}{took}" if status.created else ""


def _progress(status: Status) -> str:
    if status.state == "queued":
        return "It starts automatically after the runs ahead of it."
    left = f", {about(status.seconds_left)} left" if status.seconds_left is not None else ""
    return (
        f"Epoch {status.epoch} of {status.epochs}{left}. The result appears here when the run has finished."
    )


def _badge(state: str) -> tuple[str, Literal["green", "blue", "orange", "red"]]:
    if state == "done":
        return ":material/check:", "green"
    if state in runs.WAITING:
        return ":material/hourglass_top:", "blue"
    return (
        (":material/stop:", "orange") if state in ("stopped", "interrupted") else (":material/error:", "red")
    )
