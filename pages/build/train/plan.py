"""The run that Start would begin: its images, parameters and estimated time, and the Start button."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import engine, run_names
from core.config import RunConfig
from core.datasets import Selection
from core.errors import LabError
from core.runs import Labels
from core.training import cost_estimate, memory_estimate, network_layers
from core.training.cost_estimate import Estimate
from core.words import about, byte_size, duration
from pages.build.train import followed_run
from pages.common import data_selection, data_sources, frame, settings, visitors
from pages.common.expander import lazy_expander
from pages.common.metric_card import metric_card
from pages.common.text import literal

_NAME, _STARTED = "run_name", "run_started"


def headline(config: RunConfig, selection: Selection) -> None:
    """Say in a sentence what will be learned from how many images."""
    st.markdown(f"**{literal(data_sources.title(config.data.source))}**")
    data_selection.show_summary(selection)


def time_estimate(config: RunConfig, selection: Selection) -> Estimate:
    """Return how long the run would take."""
    return cost_estimate.duration(config, int((selection.rows["split"] == "train").sum()))


def costs(config: RunConfig, selection: Selection, time: Estimate) -> None:
    """Show the number of parameters and the estimated time before training starts."""
    training = int((selection.rows["split"] == "train").sum())
    parameters = network_layers.trained_parameters(config, len(selection.class_names))
    with st.grid(2, min_column_width=220, gap="small"):
        metric_card(
            "Parameters",
            f"{parameters:,}",
            f"{parameters / training:,.0f} per training image",
            help="Weights that training adjusts. More can learn more, but overfit more easily. "
            f"{_frozen(config)}",
        )
        metric_card(
            "Estimated time",
            about(time.seconds),
            f"{duration(time.low)} to {duration(time.high)}",
            help="For all epochs; early stopping or “Stop and save” can end it sooner. "
            "9 of 10 runs take a time in this range.",
        )
    memory = byte_size(memory_estimate.memory(config, len(selection.class_names)))
    st.caption(f"Time estimate: {time.basis}. Memory for training: about {memory}.")


def _frozen(config: RunConfig) -> str:
    if config.backbone is None:
        return ""
    return f"The others of {config.backbone.title}, {config.backbone.parameters:,} in all, stay as they are."


def layers(config: RunConfig, selection: Selection) -> None:
    """Show the network as a table in a closed expander."""
    classes = len(selection.class_names)
    lazy_expander(
        "The network, layer by layer", _layers, config, classes, key="layers", icon=":material/layers:"
    )


def _layers(config: RunConfig, classes: int) -> None:
    rows = [
        (layer.name, layer.kind, " × ".join(map(str, layer.output)), layer.parameters)
        for layer in network_layers.layers(config, classes)
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Layer", "Type", "Output", "Parameters"]),
        hide_index=True,
        height="content",
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
        alt="Layers of the network with their output sizes and parameter counts",
    )


def start_button(
    config: RunConfig | None, *, ready: bool, is_next_step: bool, short_of_memory: str = ""
) -> None:
    """Show the name of the run, which says what differs from the run before, and the Start button.

    A lack of memory has to be confirmed.
    """
    if ready and short_of_memory:
        st.warning(literal(short_of_memory), title="Memory may run out", icon=":material/memory:")
        ready = st.checkbox("Start all the same; if memory runs out, the run fails", key="despite_memory")
    if st.session_state.pop(_STARTED, False):
        st.session_state[_NAME] = ""
    proposed = run_names.proposed(config) if config else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Run name",
            key=_NAME,
            placeholder=proposed or "Optional",
            help="Without a name of your own, the run is named after what differs from the run before.",
            max_chars=run_names.MAX_LENGTH,
            width=420,
            persist_state="session",
        )
        # Not a callback: the callback of a preset clicked just before must run first.
        if st.button(
            "Start training",
            type="primary" if is_next_step else "secondary",
            icon=":material/play_arrow:",
            key="start",
            disabled=not ready,
        ):
            frame.attempt(_start, name or "", bool(short_of_memory))
            st.rerun()


def _start(name: str, despite_memory: bool) -> None:
    config = settings.current()
    name = " ".join(name.split())[: run_names.MAX_LENGTH] or run_names.proposed(config)
    submission = visitors.submission(despite_memory=despite_memory)
    run = frame.once(("run", config), engine.submit, config, Labels(name=name), submission)
    followed_run.watch(run)
    st.session_state[_STARTED] = True


def cautions(config: RunConfig, time: Estimate) -> None:
    """Say above Start what usually goes wrong with such settings."""
    for sentence in cost_estimate.cautions(config, time):
        st.warning(literal(sentence), icon=":material/warning:")


def show_error(error: LabError) -> None:
    """Say why Start is disabled."""
    st.error(literal(error), title="Cannot train with these settings", icon=":material/error:")
