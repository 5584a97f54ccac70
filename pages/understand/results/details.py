"""The details of a run: downloads, settings, data, model and machine."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.config import SETTINGS, RunConfig
from core.data import deep_pixels
from core.report import Counts, LayerSummary, Report
from core.words import count, duration, setting_value
from pages.common import glossary
from pages.common.run_picker import Summary
from pages.understand.results import exports


def settings_frame(config: RunConfig) -> pd.DataFrame:
    """Return every setting with its value and its default."""
    rows = [
        (s.label, setting_value(path, config.get(path)), setting_value(path, s.default), path)
        for path, s in SETTINGS.items()
    ]
    return pd.DataFrame(rows, columns=["Setting", "Value", "Default", "Command-line name"])


def show(summary: Summary) -> None:
    """Show downloads; settings, data, layers and machine, each in an expander; and the run's folder."""
    report = summary.report
    with st.container(border=True):
        st.markdown("**Downloads**")
        exports.show(summary)
    settings(summary)
    with st.expander("Images per class", icon=":material/photo_library:"):
        st.dataframe(_counts_frame(report.counts), hide_index=True, height="content", alt="Images per class")
        st.text(
            f"Data version {report.data_version}, split {report.split_fingerprint}. "
            "Runs that share both can be compared image by image.",
            help=glossary.help_of("splits"),
        )
        if report.pixel_ranges:
            st.text(deep_pixels.scaling_in_words(report.pixel_ranges))
        if report.skipped:
            st.text(f"{count(len(report.skipped), 'image')} could not be used:")
            rows = [(file.file, file.reason) for file in report.skipped]
            skipped = pd.DataFrame(rows, columns=["File", "Reason"])
            st.dataframe(skipped, hide_index=True, alt="Images that could not be used, and why")
    with st.expander("Layers of the model", icon=":material/account_tree:"):
        st.text(
            f"{report.parameters:,} parameters, trained in {report.precision} precision.",
            help=glossary.help_of("parameters"),
        )
        st.dataframe(
            layers_frame(report.summary),
            hide_index=True,
            height="content",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
            alt="Layers of the model",
        )
    with st.expander("Machine and versions", icon=":material/memory:"):
        st.text(
            f"Training speed: {report.images_per_second:,.0f} images per second.",
            help=glossary.help_of("training speed"),
        )
        machine = pd.DataFrame(_machine(report).items(), columns=["Property", "Value"])
        st.dataframe(machine, hide_index=True, height="content", alt="Machine and versions")
    st.text(f"Folder of this run: {summary.run.path}")


def settings(summary: Summary) -> None:
    """Show all settings of the run beside their defaults."""
    if summary.config:
        with st.expander("Settings", icon=":material/tune:"):
            st.dataframe(
                settings_frame(summary.config), hide_index=True, height=420, alt="Settings of this run"
            )


LAYERS = {
    "InputLayer": "takes the image's pixels, 0 to 255",
    "Rescaling": "scales the pixels from 0–255 to 0–1",
    "Conv2D": "detects patterns in small patches",
    "MaxPooling2D": "keeps the strongest response in each 2 x 2 patch",
    "GlobalAveragePooling2D": "averages each pattern over the whole image",
    "Flatten": "puts all values into one row",
    "Dropout": "switches neurons off at random, in training only",
    "Dense": "combines all values",
    "Activation": "makes the response non-linear, so that layers can build on each other",
    "ReLU": "sets negative values to zero",
    "BatchNormalization": "keeps the values in a steady range",
    "Softmax": "turns scores into probabilities that sum to 1",
}


def layers_frame(summary: Sequence[LayerSummary]) -> pd.DataFrame:
    """Return the model layer by layer: what each does, its output and its parameters."""
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
    return {"training time": duration(report.seconds), **report.environment}
