"""A new sweep: which settings to vary, how, and what it will cost before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import sweeps
from core.config import RunConfig
from core.errors import LabError
from core.sweeps import Plan, Way
from core.words import about, count, duration
from pages.build.sweeps import by_images, picker, setting_values
from pages.common import (
    addresses,
    data_preparing,
    data_selection,
    data_sources,
    data_verdict,
    frame,
    queued,
    run_header,
    settings,
    visitors,
)
from pages.common.metric_card import metric_card
from pages.common.text import literal

WAYS: dict[Way, str] = {
    "grid": "All combinations",
    "random": "Random search",
    "tpe": "Guided search (TPE)",
}
MAX_LEFT_OUT = 3

_ASKED = "sweep_asked"


def show() -> None:
    """Show the form, the cost and the Start button."""
    st.markdown("Train with several values of one or more settings, and see which make a difference.")
    try:
        base = settings.current()
        dataset = data_sources.open_if_prepared(base.data.source)
    except LabError as error:
        st.error(
            literal(error), title="The settings on the Train page are not valid", icon=":material/error:"
        )
        return
    _show_base(base)
    if dataset is None:
        data_preparing.show(base.data.source)
        return
    try:
        asked = _form(base)
        selection = data_selection.select(dataset, base.data)
        training = int((selection.rows["split"] == "train").sum())
        plan = _plan(base, asked["values"], asked["repeats"], training, asked["trials"])
    except LabError as error:
        st.warning(literal(error), icon=":material/rule:")
        _start_button(ready=False)
        return
    st.session_state[_ASKED] = {**asked, "base": base}
    found = data_verdict.known(dataset, base.data)
    if found is not None and not found.fit:
        data_verdict.warn(found, is_next_step=True)
    _start_button(
        f" · {count(len(plan.configs), 'run')}, {about(plan.time.seconds)}",
        ready=True,
        is_next_step=found is None or found.fit,
    )
    _show_cost(plan, asked)
    by_images.show(base, training)
    data_verdict.judge(dataset, base.data)


def _show_base(base: RunConfig) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="sweep_base"):
        with st.container(gap=None, width="stretch"):
            st.markdown(
                f"Other settings as on the Train page: **{literal(data_sources.title(base.data.source))}**"
            )
            st.caption(literal(run_header.settings_line(base)))
        st.page_link(addresses.TRAIN, label="Change", icon=":material/tune:", width="content")


def _form(base: RunConfig) -> dict[str, Any]:
    paths = st.multiselect(
        "Settings to vary",
        setting_values.variable_settings(),
        default=["fit.learning_rate"],
        format_func=setting_values.label,
        key="sweep_paths",
        placeholder="Choose one or more settings",
        persist_state="session",
    )
    values = {path: setting_values.ticked(path, base, f"sweep-{path}") for path in paths}
    with st.expander("Search method, repeats and name", icon=":material/tune:", key="sweep_more"):
        return {"values": values, **_search(), "name": _name()}


def _search() -> dict[str, Any]:
    """Ask which combinations are tried, and how often each."""
    way = _way()
    with st.grid(3, min_column_width=200, gap="small", vertical_alignment="bottom"):
        trials = 0
        if way != "grid":
            trials = int(
                st.number_input(
                    "Combinations to try", 2, 500, 20, key="sweep_trials",
                    help="Numbers are drawn from the range between the smallest and the largest value "
                    "ticked; other settings take one of the values ticked.",
                )
            )  # fmt: skip
        repeats = int(
            st.number_input(
                "Runs per combination", 1, 20, 1, key="sweep_repeats",
                help="Each uses a different seed. With three or more, the spread shows how much is chance.",
            )
        )  # fmt: skip
        prune = st.toggle(
            "Stop unpromising runs early",
            key="sweep_prune",
            help="After at least four others have finished, a run is stopped if its best validation accuracy "
            "after two or more epochs is below the median of the others at the same epoch.",
        )
    return {"way": way, "trials": trials, "repeats": repeats, "prune": prune}


def _name() -> str:
    name = st.text_input("Sweep name", key="sweep_name", max_chars=80, placeholder="Optional", width=320)
    return " ".join(name.split())


def _way() -> Way:
    way: Way = st.segmented_control(
        "Search method",
        list(WAYS),
        default="grid",
        required=True,
        format_func=WAYS.__getitem__,
        key="sweep_way",
        help="“All combinations” suits one or two settings. With more, a search finds good ones in fewer "
        "runs. Guided search (TPE) favours values that worked; needs about 20 trials to beat random search.",
    )
    return way


@st.cache_data(show_spinner=False, max_entries=32, ttl=30)
def _plan(base: RunConfig, values: dict[str, Sequence[Any]], repeats: int, images: int, trials: int) -> Plan:
    return sweeps.plan(base, values, repeats, images=images, trials=trials)


def _show_cost(plan: Plan, asked: dict[str, Any]) -> None:
    combinations = len(plan.configs) // asked["repeats"]
    with st.grid(2, min_column_width=220, gap="small"):
        metric_card(
            "Runs",
            f"{len(plan.configs):,}",
            f"{count(combinations, 'combination')}, {count(asked['repeats'], 'run')} each",
        )
        metric_card(
            "Estimated time",
            about(plan.time.seconds),
            f"{duration(plan.time.low)} to {duration(plan.time.high)}",
            help="For all runs, one after another, with all epochs.",
        )
    st.caption(f"Time estimate: {plan.time.basis}.")
    if plan.left_out:
        reasons = "".join(f"\n- {literal(reason)}" for reason in plan.left_out[:MAX_LEFT_OUT])
        st.info(f"Some combinations are not valid and are left out:{reasons}", icon=":material/rule:")


def _start_button(cost: str = "", *, ready: bool, is_next_step: bool = True) -> None:
    # Not a callback: what was typed just before the click is only known once the form has been read.
    if st.button(
        f"Start sweep{cost}",
        type="primary" if is_next_step else "secondary",
        icon=":material/play_arrow:",
        key="start_sweep",
        disabled=not ready,
    ):
        frame.attempt(_start)
        st.rerun()


def _start() -> None:
    asked = st.session_state[_ASKED]
    start = partial(sweeps.start, **asked, submission=visitors.submission())
    sweep = frame.once(("sweep", asked["base"]), start)
    queued.note_sweep(sweep)
    picker.open_sweep(sweep.id)
