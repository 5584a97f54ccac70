"""The run a page shows: a list, a picker that the address follows, and words for every state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from core import runs
from core.config import RunConfig
from core.errors import LabError
from core.report import Report
from core.runs import Labels, Run, Status
from core.words import moment, percent
from pages.common import data_sources
from pages.common.addresses import RUN_KEY
from pages.common.text import literal

_CHOICE = "run_choice"

STATES: dict[str, str] = {
    "queued": "queued",
    "starting": "starting",
    "running": "training",
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "diverged": "diverged",
    "interrupted": "interrupted",
    "damaged": "damaged",
}
STOPPED = "Stopped: the best epoch so far was kept. No score means no epoch had finished."


@dataclass(frozen=True)
class Summary:
    """One run with everything a list shows, read once per page run.

    ``config`` is None if it cannot be read, ``result`` also while there is none; ``fault`` says what is
    damaged.
    """

    run: Run
    labels: Labels
    title: str
    status: Status
    config: RunConfig | None
    result: Report | None
    fault: str

    @property
    def finished(self) -> bool:
        """Whether there is a result to view."""
        return self.result is not None

    @property
    def report(self) -> Report:
        """The report of a finished run. Raises LabError while there is none."""
        if self.result is None:
            raise LabError(f"{self.title} has no result yet.")
        return self.result

    @property
    def kept_epoch(self) -> int | None:
        """The epoch whose weights were kept, once that is known."""
        return self.result.kept_epoch if self.result else None

    @property
    def state(self) -> str:
        """The state in words."""
        return STATES[self.status.state]

    @property
    def line(self) -> str:
        """A line that distinguishes the run from all others; the end of the id makes it unique.

        It gives the validation score, since choosing by the test score would make that score too optimistic.
        """
        score = f"{percent(self.result.val_accuracy.value)} on validation" if self.result else self.state
        if self.run.is_example:
            return f"{self.title} · {score}"
        source = data_sources.short(self.config.data.source) if self.config else ""
        shown = [self.title, "" if source == self.title else source, started(self.status), score]
        return " · ".join(filter(None, [*shown, self.run.id[-6:]]))


def summarise(run: Run) -> Summary:
    """Read a run's files; a file that cannot be read is reported as the run's fault."""
    labels = run.labels
    try:
        status, config, report = run.overview()
    except LabError:
        return _summarise_damaged(run, labels)
    return Summary(run, labels, _title(labels, config), status, config, report, "")


def _summarise_damaged(run: Run, labels: Labels) -> Summary:
    config, report, status = None, None, run.status
    fault = status.message if status.state == "damaged" else ""
    try:
        config = run.config
        report = run.report()
    except LabError as error:
        fault = str(error)
    return Summary(run, labels, _title(labels, config), status, config, report, fault)


def listing() -> list[Summary]:
    """Return every run: those with a result first, each group newest first."""
    summaries = [summarise(run) for run in runs.all()]
    return sorted(summaries, key=lambda summary: not summary.finished)


def with_example(summaries: list[Summary]) -> list[Summary]:
    """Add the example that comes with the lab, where it is asked for or there is no other result."""
    asked = st.query_params.get(RUN_KEY) or st.session_state.get(RUN_KEY)
    if asked == runs.EXAMPLE or not any(summary.finished for summary in summaries):
        place = sum(summary.finished for summary in summaries)
        return [*summaries[:place], summarise(runs.open(runs.EXAMPLE)), *summaries[place:]]
    return summaries


def pick(summaries: list[Summary]) -> Summary | None:
    """Choose a run; ``?run=`` in the address names it, so that a result can be shared as a link.

    The run that was shown last stays chosen from page to page, where it is in the list.

    Returns:
        None if the address names a run that does not exist or is not in the list; the page then says so.
    """
    by_id = {summary.run.id: summary for summary in summaries}
    asked = st.query_params.get(RUN_KEY) or _shown_last(by_id) or next(iter(by_id))
    st.session_state[_CHOICE] = asked if asked in by_id else None
    st.selectbox(
        "Run",
        list(by_id),
        format_func=lambda run_id: by_id[run_id].line,
        key=_CHOICE,
        on_change=_follow_choice,
        placeholder="Choose a run",
        help="Runs with a result come first, newest on top. The page address includes your choice.",
    )
    if asked not in by_id:
        _warn_not_listed(asked)
        return None
    st.session_state[RUN_KEY] = st.query_params[RUN_KEY] = asked
    return by_id[asked]


def _shown_last(listed: Collection[str]) -> str | None:
    """The run that was shown last, except one that exists but has no result, for pages that list results."""
    run_id: str | None = st.session_state.get(RUN_KEY)
    return None if run_id and run_id not in listed and _found(run_id) else run_id


def _found(run_id: str) -> Run | None:
    try:
        return runs.open(run_id)
    except LabError:
        return None


def _warn_not_listed(run_id: str) -> None:
    if run := _found(run_id):
        summary = summarise(run)
        st.warning(
            f"{literal(summary.title)} cannot be shown here. Its state: {summary.state}. Choose another run "
            "above.",
            title="This run has no result",
            icon=":material/hourglass_empty:",
        )
        return
    st.warning(
        f"No run called {literal(run_id[:80])} exists here. It may have been deleted or moved, or it may "
        "belong to another workspace. Choose another run above.",
        title="Run not found",
        icon=":material/search_off:",
    )


def _follow_choice() -> None:
    st.query_params[RUN_KEY] = st.session_state[_CHOICE]


def _title(labels: Labels, config: RunConfig | None) -> str:
    return labels.name or (data_sources.short(config.data.source) if config else "unreadable run")


def started(status: Status) -> str:
    """Return when a run started or was queued."""
    return moment(status.started or status.created) if status.created else ""
