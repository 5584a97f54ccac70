"""The run a page is about: a listing, a picker that the address follows, and words for every state."""

from __future__ import annotations

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
    "queued": "waiting its turn",
    "starting": "starting",
    "running": "training now",
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "diverged": "diverged",
    "interrupted": "interrupted",
    "damaged": "damaged",
}
STOPPED = "Stopped: the best epoch until then was kept; without a score no epoch had ended."


@dataclass(frozen=True)
class Summary:
    """One run with everything a listing shows, read once a page run.

    ``config`` is None where it cannot be read, ``result`` also while there is none; ``fault`` says what is
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
        """Whether there is a result to look at."""
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
        """One line that tells it from all others; the end of the id makes it unique.

        It names the score on validation: choosing by the test score would use the test images up.
        """
        score = f"{percent(self.result.val_accuracy.value)} on validation" if self.result else self.state
        return " · ".join(filter(None, [self.title, started(self.status), score, self.run.id[-6:]]))


def summarise(run: Run) -> Summary:
    """Read a run's files; whatever cannot be read becomes its fault."""
    labels = run.labels
    try:
        status, config, report = run.overview()
    except LabError:
        return _summarise_damaged(run, labels)
    return Summary(run, labels, _title(labels, config), status, config, report, "")


def _summarise_damaged(run: Run, labels: Labels) -> Summary:
    config, report, fault = None, None, ""
    try:
        config = run.config
        report = run.report()
    except LabError as error:
        fault = str(error)
    return Summary(run, labels, _title(labels, config), run.status, config, report, fault)


def listing() -> list[Summary]:
    """Every run: those with a result first, the newest of each first."""
    summaries = [summarise(run) for run in runs.all()]
    return sorted(summaries, key=lambda summary: not summary.finished)


def pick(summaries: list[Summary]) -> Summary | None:
    """Choose one run; ``?run=`` in the address says which, so that a result can be sent as a link.

    Returns:
        None where the address asks for a run that is not there; the page has then said so.
    """
    by_id = {summary.run.id: summary for summary in summaries}
    asked = st.query_params.get(RUN_KEY) or st.session_state.get(RUN_KEY) or next(iter(by_id))
    st.session_state[_CHOICE] = asked if asked in by_id else None
    st.selectbox(
        "Run",
        list(by_id),
        format_func=lambda run_id: by_id[run_id].line,
        key=_CHOICE,
        on_change=_follow_choice,
        placeholder="Choose a run",
        help="Runs with a result come first, the newest on top. The address of this page keeps your choice.",
    )
    if asked not in by_id:
        _say_not_found(asked)
        return None
    st.session_state[RUN_KEY] = st.query_params[RUN_KEY] = asked
    return by_id[asked]


def _say_not_found(run_id: str) -> None:
    st.warning(
        f"It was called {literal(run_id[:80])}. It may have been deleted, moved, or belong to another "
        "workspace. Choose another run above.",
        title="This run was not found",
        icon=":material/search_off:",
    )


def _follow_choice() -> None:
    st.query_params[RUN_KEY] = st.session_state[_CHOICE]


def _title(labels: Labels, config: RunConfig | None) -> str:
    return labels.name or (data_sources.short(config.data.source) if config else "unreadable run")


def started(status: Status) -> str:
    """When a run began, or was put in the queue."""
    return moment(status.started or status.created) if status.created else ""
