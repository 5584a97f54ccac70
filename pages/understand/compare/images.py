"""Images on which two models disagree, and one of them as both models see it, with heatmaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.comparison import disagreement
from core.comparison.disagreement import Disagreement, Kind
from core.errors import LabError
from core.runs import Predictions
from core.words import count, percent
from pages.common import frame, heatmap_row, run_images, waiting
from pages.common.paging import choose_page
from pages.common.run_images import Tile
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.compare.sides import Side

PER_PAGE = 10
_OPEN = "compare_image"


def show(first: Side, second: Side, split: str) -> None:
    """Show a choice of kinds of disagreement and a page of images; a click compares the models on one."""
    left, right = _of_one_seed(first, second)
    if left.report.class_names != right.report.class_names:
        st.info("The runs have different classes, so their predictions cannot be compared.")
        return
    try:
        both = (left.run.predictions(split), right.run.predictions(split))
        found = disagreement.compare(*both)
    except LabError as error:
        st.info(literal(error), icon=":material/block:")
        return
    names: dict[Kind, str] = {
        "only first": f"Only {first.letter} is right",
        "only second": f"Only {second.letter} is right",
        "both wrong, differently": "Both wrong, different classes",
        "both wrong, alike": "Both wrong, same class",
    }
    numbers = {kind: len(found.indices(kind)) for kind in disagreement.KINDS}
    kind: Kind = st.segmented_control(
        "Images",
        list(names),
        default="only first",
        required=True,
        format_func=lambda kind: f"{names[kind]} · {numbers[kind]:,}",
        key="differ_kind",
        label_visibility="collapsed",
    )
    st.caption(_words(first, second, left, right, found, numbers["both right"], split))
    here = found.indices(kind)
    if not len(here):
        st.caption("None.")
        return
    letters = (first.letter, second.letter)
    page = choose_page(len(here), PER_PAGE, key=f"differ-{kind}", thing="image")
    tiles = [_tile(found, index, both, left.report.class_names, letters) for index in here[page].tolist()]
    resize = left.config.data.resize if left.config else "stretch"
    run_images.tiles(
        run_images.gallery(left.run), tiles, key=f"differ-{kind}", resize=resize, on_open=_select
    )
    _show_dialog((first.letter, left), (second.letter, right), split)


def _of_one_seed(first: Side, second: Side) -> tuple[Summary, Summary]:
    """Return a run of each side, with the same seed if both have one."""
    by_seed = [{s.config.fit.seed: s for s in side.finished if s.config} for side in (first, second)]
    shared = sorted(by_seed[0].keys() & by_seed[1].keys())
    if not shared:
        return first.finished[0], second.finished[0]
    return by_seed[0][shared[0]], by_seed[1][shared[0]]


def _words(
    first: Side, second: Side, left: Summary, right: Summary, found: Disagreement, both_right: int, split: str
) -> str:
    words = f"Of {count(len(found.ids), f'{split} image')} that both predicted, "
    words += f"both are right on {both_right:,}."
    words += " Images on which they disagree most come first."
    for side, summary in ((first, left), (second, right)):
        if len(side.finished) > 1 and summary.config:
            words += f" {side.letter}: the run with seed {summary.config.fit.seed}."
    return words


def _tile(
    found: Disagreement,
    index: int,
    both: tuple[Predictions, Predictions],
    names: Sequence[str],
    letters: tuple[str, str],
) -> Tile:
    rows = (found.first_rows[index], found.second_rows[index])
    lines = [f"Actual: {names[both[0].labels[rows[0]]]}"]
    for letter, predictions, row in zip(letters, both, rows, strict=True):
        predicted = int(np.argmax(predictions.probabilities[row]))
        lines.append(
            f"{letter}: {names[predicted]}, {percent(float(predictions.probabilities[row, predicted]), 0)}"
        )
    return Tile(str(found.ids[index]), tuple(lines))


def _select(image_id: str) -> None:
    st.session_state[_OPEN] = image_id


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _show_dialog(first: tuple[str, Summary], second: tuple[str, Summary], split: str) -> None:
    image_id = st.session_state.get(_OPEN)
    if image_id is not None:
        _card(image_id, (first, second), split)


@st.dialog("One image, two models", width="large", icon=":material/compare:", on_dismiss=_close)
@frame.explained()
def _card(image_id: str, both: Sequence[tuple[str, Summary]], split: str) -> None:
    for letter, summary in both:
        predictions = summary.run.predictions(split)
        indices = (predictions.ids == image_id).nonzero()[0]
        if not len(indices):
            st.caption(f"{letter} has no prediction for this image.")
            continue
        position, names = int(indices[0]), summary.report.class_names
        predicted, true = (
            int(np.argmax(predictions.probabilities[position])),
            int(predictions.labels[position]),
        )
        mark = ":green-badge[correct]" if predicted == true else ":orange-badge[wrong]"
        confidence = percent(float(predictions.probabilities[position, predicted]), 0)
        st.markdown(
            f"**{letter}** · {literal(summary.title)} {mark} Actual: **{literal(names[true])}** · "
            f"Predicted: **{literal(names[predicted])}** · Confidence: {confidence}"
        )
        requests = heatmap_row.requests(predictions, position)
        maps = waiting.maps(summary.run, requests)
        available = {} if maps is None else {request: maps.get(request) for request in requests}
        heatmap_row.row(summary, run_images.gallery(summary.run), predictions, position, available)
    st.caption(
        "Heatmaps by Grad-CAM: yellow marks the strongest evidence for the class named above the image. Each "
        "map has its own scale, so compare areas, not brightness."
    )
