"""Actions on the selected runs: open, repeat with new seeds, export and delete; and import of runs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import engine, run_names, runs
from core.comparison import counterpart
from core.config import RunConfig
from core.errors import LabError
from core.export import run_archive
from core.runs import Labels
from core.sweeps import repeats
from core.training import cost_estimate, memory_estimate
from core.words import about, count
from pages.common import frame, queued, run_header, run_picker, visitors
from pages.common.addresses import RESULTS, RUN_KEY
from pages.common.run_lines import REPEATS, Line
from pages.common.text import literal
from pages.understand.compare import choice

TIMES = (3, 5, 10)
_DELETED, _TICKED, _DONE = "runs_deleted", "runs_deleted_ticked", "runs_done"


def show(ticked: Sequence[Line]) -> None:
    """Show the row of buttons below the list."""
    _show_last_action()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not ticked:
            st.caption(":material/checklist: Select two to six runs to compare them.")
        else:
            _show_actions(ticked)
        _show_import()


def _show_actions(ticked: Sequence[Line]) -> None:
    st.button(
        "Clear selection", key="clear_ticks", icon=":material/close:", type="tertiary",
        on_click=choice.choose, args=([],),
    )  # fmt: skip
    if len(ticked) == 1 and ticked[0].finished:
        link = {RUN_KEY: ticked[0].finished[0].run.id}
        st.page_link(RESULTS, label="Open result", icon=":material/target:", query_params=link)
    _show_counterpart(ticked)
    _show_repeat(ticked)
    _show_export(ticked)
    number = sum(len(line.summaries) for line in ticked)
    st.button(
        f"Delete {count(number, 'run')}", key="delete_runs", icon=":material/delete:",
        help="Moves them to the trash, from which they can be restored.",
        on_click=frame.attempt, args=(_delete, ticked),
    )  # fmt: skip


def _show_counterpart(ticked: Sequence[Line]) -> None:
    """Offer, for a single run, the other kind of network beside it: from scratch against pretrained."""
    config = ticked[0].first.config
    if len(ticked) > 1 or config is None or not ticked[0].finished:
        return
    other = "a pretrained network" if config.backbone is None else "the own network"
    images = sum(ticked[0].finished[0].report.counts.get("train", {}).values())
    time = about(cost_estimate.duration(counterpart.settings(config), images).seconds)
    st.button(
        f"Compare with {other}", key="counterpart", icon=":material/compare_arrows:",
        on_click=frame.attempt, args=(_compare_with_counterpart, ticked[0], config),
        help=f"The same images and seed. A finished run is taken if there is one; training takes {time}.",
    )  # fmt: skip


def _compare_with_counterpart(line: Line, config: RunConfig) -> None:
    """Select the other kind of network beside the line; train it first if need be."""
    listed = [(one.run, one.config) for one in run_picker.listing() if one.config]
    found = counterpart.find(config, listed)
    if found is None:
        wanted = counterpart.settings(config)
        memory_estimate.check_memory(wanted)
        found = engine.submit(wanted, Labels(name=run_names.proposed(wanted)), visitors.submission())
        queued.note([found])
    choice.choose([line.id, found.id])


def _show_repeat(ticked: Sequence[Line]) -> None:
    """Offer three, five or ten more seeds in one click, with the time it takes."""
    repeatable = [line for line in ticked if line.first.config]
    if not repeatable:
        return
    with st.popover("Repeat with new seeds", icon=":material/casino:", key=_closed_when_done("repeat")):
        st.markdown(
            "The same settings with other seeds show how much of a score is due to chance. "
            + (
                "All selected runs get the same seeds, so that they can be compared."
                if len(repeatable) > 1
                else ""
            )
        )
        for times in TIMES:
            st.button(
                f"Queue {count(times * len(repeatable), 'run')} · {time_to_repeat(repeatable, times)}",
                key=f"repeat-{times}",
                width="stretch",
                on_click=frame.attempt,
                args=(repeat, repeatable, times),
            )


def time_to_repeat(lines: Sequence[Line], times: int) -> str:
    """Say how long it takes to repeat each line this many times."""
    return about(times * sum(map(_seconds, lines)))


def repeat(lines: Sequence[Line], times: int) -> None:
    """Queue the repeats, and include them in the comparison."""
    repeated = [line.first.run for line in lines]
    what = ("repeat", times, *(run.id for run in repeated))
    made = frame.once(what, repeats.repeat_together, repeated, times, visitors.submission())
    again = {line.id: line.first.run.id + REPEATS for line in lines}
    choice.choose([again.get(name, name) for name in choice.ids()])
    queued.note(made)


def _seconds(line: Line) -> float:
    measured = [float(summary.report.seconds) for summary in line.finished]
    if measured:
        return sum(measured) / len(measured) + cost_estimate.SECONDS_TO_START
    config = line.first.config
    return cost_estimate.duration(config, 1000).seconds if config else 0.0


def _closed_when_done(what: str) -> str:
    """Return a popover's key; an action changes the selection and thus the key, which closes the popover."""
    return f"{what}_popover-{choice.generation()}"


def _show_export(ticked: Sequence[Line]) -> None:
    run = ticked[0].first.run
    if len(ticked) > 1 or ticked[0].is_repeated or ticked[0].first.status.waiting:
        return
    run_header.export_button(
        run, "The files as they are, to keep or repair."
        if ticked[0].first.fault
        else "One zip file with settings, scores, predictions and model, to import into another lab.",
    )  # fmt: skip


def _show_import() -> None:
    with st.popover("Import", icon=":material/upload:", key=_closed_when_done("import")):
        generation = st.session_state.setdefault("import_generation", 0)
        archive = st.file_uploader("A run's zip file", type="zip", key=f"import-{generation}")
        st.caption("The run is checked before it is shown, and gets a new id.")
        if archive is not None:
            st.button(
                "Import this run", key="import_run", type="primary",
                on_click=frame.attempt, args=(_import, archive),
            )  # fmt: skip


def _import(archive: UploadedFile) -> None:
    run = frame.once(("import", archive.file_id), run_archive.unpack, archive)
    st.session_state["import_generation"] += 1
    choice.choose([run.id])
    st.session_state[_DONE] = f"{literal(run.title)} was imported as {literal(run.id)} and is selected."


def _delete(ticked: Sequence[Line]) -> None:
    """Delete as many runs as possible; the others stay selected, with a reason."""
    deleted: list[str] = []
    faults: list[LabError] = []
    for summary in (summary for line in ticked for summary in line.summaries):
        try:
            runs.delete(summary.run)
            deleted.append(summary.run.id)
        except LabError as error:
            faults.append(error)
    st.session_state[_DELETED], st.session_state[_TICKED] = deleted, choice.ids()
    kept = [line.id for line in ticked if not any(s.run.id in deleted for s in line.summaries)]
    choice.choose(kept)
    if faults:
        raise faults[0]


def _restore(run_ids: Sequence[str]) -> None:
    """Restore as many runs as possible, with the selection they had; the others can be tried again."""
    left: list[str] = []
    faults: list[LabError] = []
    for run_id in run_ids:
        try:
            runs.restore(run_id)
        except LabError as error:
            left.append(run_id)
            faults.append(error)
    st.session_state[_DELETED] = left
    if len(left) < len(run_ids):
        st.session_state[_DONE] = f"{count(len(run_ids) - len(left), 'run')} restored."
    before = [name for name in st.session_state.get(_TICKED, []) if name not in left]
    choice.choose(list(dict.fromkeys([*before, *choice.ids()])))
    if faults:
        raise faults[0]


def _show_last_action() -> None:
    """Show once what the last click did; a deletion until it is undone or dismissed."""
    words = st.session_state.pop(_DONE, None)
    if words:
        st.toast(words, icon=":material/check:", duration="long")
    deleted = st.session_state.get(_DELETED)
    if not deleted:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="deleted_bar"):
        st.markdown(f":material/delete: {count(len(deleted), 'run')} moved to the trash.", width="content")
        st.button(
            "Undo", key="undo_delete", icon=":material/undo:",
            on_click=frame.attempt, args=(_restore, deleted),
        )  # fmt: skip
        st.button(
            "Dismiss", key="dismiss_deleted", type="tertiary",
            on_click=st.session_state.pop, args=(_DELETED, None),
        )  # fmt: skip
