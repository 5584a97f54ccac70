"""The downloads of a run: a report, figures and tables. The model itself is taken home, see take_home."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from PIL import Image

from core.errors import LabError
from core.evaluation import metrics
from core.export import csv_tables, figures, html_report
from core.runs import Predictions
from pages.common import run_images
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.understand.results import downloads


def show(summary: Summary) -> None:
    """Show a button per file, which is created on click."""
    shown, run_id = run_images.gallery(summary.run), summary.run.id
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Report (one HTML file)",
            lambda: report(summary, shown),
            f"{run_id}.html",
            "text/html",
            key="report",
            icon=":material/description:",
            on_click="ignore",
            help="Settings, figures, worst predictions and heatmaps. Opens offline and prints well.",
        )
        st.download_button(
            "Test predictions as CSV",
            lambda: csv_tables.csv(predictions_frame(summary, shown)),
            f"{run_id}-test-predictions.csv",
            "text/csv",
            key="test_predictions",
            icon=":material/table:",
            on_click="ignore",
            help="One row per test image: file, true class, predicted class and all probabilities.",
        )
        st.download_button(
            "Learning curves as CSV",
            lambda: csv_tables.csv(pd.DataFrame(summary.run.metrics())),
            f"{run_id}-epochs.csv",
            "text/csv",
            key="epochs",
            icon=":material/show_chart:",
            on_click="ignore",
        )
    downloads.figure_buttons(
        summary,
        lambda: figures.learning_curves(summary.run.metrics(), summary.kept_epoch),
        "learning-curves",
        "Learning curves",
    )


def report(summary: Summary, shown: Gallery) -> bytes:
    """Return the run as one HTML file."""
    return html_report.build(summary.run, _image_of(shown)).encode()


def _image_of(shown: Gallery) -> html_report.ImageOf:
    def image_of(image_id: str) -> Image.Image:
        row = shown.row(image_id)
        if shown.dataset is None or row is None:
            raise LabError(shown.fault or "This image is no longer in the data set.")
        return shown.dataset.image(row)

    return image_of


def predictions_frame(summary: Summary, shown: Gallery) -> pd.DataFrame:
    """Return a row per test image, in the order of the predictions."""
    predictions, names = summary.run.predictions("test"), summary.report.class_names
    frame = pd.DataFrame(
        {
            "image": predictions.ids,
            "file": _files(predictions, shown),
            "true": [names[index] for index in predictions.labels],
            "predicted": [names[index] for index in metrics.predicted(predictions)],
            "probability": metrics.confidence(predictions),
        }
    )
    probabilities = pd.DataFrame(predictions.probabilities, columns=[f"p({name})" for name in names])
    return pd.concat([frame, probabilities], axis=1)


def _files(predictions: Predictions, shown: Gallery) -> list[str]:
    if shown.fault:
        return [""] * len(predictions.ids)
    return shown.rows["name"].reindex(predictions.ids).fillna("").tolist()
