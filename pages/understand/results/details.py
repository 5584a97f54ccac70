"""What a run was made of: settings, data, model and machine."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.config import SETTINGS, RunConfig
from core.report import Counts, LayerSummary, Report
from core.words import count, duration, setting_value
from pages.common.run_picker import Summary
from pages.understand.results import exports


def settings_frame(config: RunConfig) -> pd.DataFrame:
    """Every setting with its value and its default."""
    rows = [
        (s.label, setting_value(path, config.get(path)), setting_value(path, s.default), path)
        for path, s in SETTINGS.items()
    ]
    return pd.DataFrame(rows, columns=["Setting", "Value", "Default", "Name on the command line"])


def show(summary: Summary) -> None:
    """Files to take away; settings, data, layers and machine, each in a fold-out; the run's folder."""
    report = summary.report
    with st.container(border=True):
        st.markdown("**To take away**")
        exports.show(summary)
    settings(summary)
    with st.expander("Images of each class", icon=":material/photo_library:"):
        st.dataframe(
            _counts_frame(report.counts), hide_index=True, height="content", alt="Images of each class"
        )
        st.text(
            f"Data version {report.data_version}, split {report.split_fingerprint}. "
            "Runs with the same two can be compared image by image."
        )
        if report.skipped:
            st.text(f"{count(len(report.skipped), 'image')} could not be used:")
            rows = [(file.file, file.reason) for file in report.skipped]
            skipped = pd.DataFrame(rows, columns=["File", "Reason"])
            st.dataframe(skipped, hide_index=True, alt="Images that were left out, and why")
    with st.expander("The model's layers", icon=":material/account_tree:"):
        st.text(f"{report.parameters:,} parameters, trained with {report.precision} numbers.")
        st.dataframe(
            layers_frame(report.summary),
            hide_index=True,
            height="content",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
            alt="The model's layers",
        )
    with st.expander("Machine and versions", icon=":material/memory:"):
        machine = pd.DataFrame(_machine(report).items(), columns=["What", "Value"])
        st.dataframe(machine, hide_index=True, height="content", alt="Machine and versions")
    st.text(f"Folder of this run: {summary.run.path}")


def settings(summary: Summary) -> None:
    """All settings of the run beside their defaults."""
    if summary.config:
        with st.expander("Settings", icon=":material/tune:"):
            st.dataframe(
                settings_frame(summary.config), hide_index=True, height=420, alt="Settings of this run"
            )


LAYERS = {
    "InputLayer": "the image's pixels, 0 to 255",
    "Rescaling": "brings the pixels from 0–255 to 0–1",
    "Conv2D": "looks for patterns in small patches",
    "MaxPooling2D": "keeps the strongest answer of each 2 x 2 patch",
    "GlobalAveragePooling2D": "averages each pattern over the image",
    "Flatten": "lays all answers out in one row",
    "Dropout": "switches neurons off at random, in training only",
    "Dense": "combines all answers",
    "Activation": "bends the answers, so that layers can build on each other",
    "ReLU": "keeps positive answers",
    "BatchNormalization": "keeps the answers in a steady range",
    "Softmax": "turns scores into probabilities that sum to 1",
}


def layers_frame(summary: Sequence[LayerSummary]) -> pd.DataFrame:
    """The model layer by layer: what each does, its output and its parameters."""
    rows = [
        (
            layer.name,
            layer.kind,
            LAYERS.get(layer.kind, ""),
            " x ".join(map(str, layer.output)),
            layer.parameters,
        )
        for layer in summary
    ]
    return pd.DataFrame(rows, columns=["Layer", "Kind", "What it does", "Output", "Parameters"])


def _counts_frame(counts: Counts) -> pd.DataFrame:
    frame = pd.DataFrame(counts).fillna(0).astype(int)
    frame.insert(0, "Class", frame.index)
    return frame.rename(columns={"train": "Training", "validation": "Validation", "test": "Test"})


def _machine(report: Report) -> dict[str, str]:
    speed = {
        "training speed": f"{report.images_per_second:,.0f} images per second",
        "training time": duration(report.seconds),
    }
    return {**speed, **report.environment}
