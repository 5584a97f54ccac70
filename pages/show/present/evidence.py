"""Where it looks: the heatmaps of a few images, made ahead or on request."""

from __future__ import annotations

import streamlit as st

from core.errors import LabError
from core.evaluation import metrics
from core.explain import heatmaps
from core.explain.heatmaps import Heatmap, Request
from core.export.overlay import STRENGTH
from core.words import count, percent
from pages.common import heatmap_row, overlays, waiting
from pages.common.text import literal
from pages.show.present import mistakes
from pages.show.present.story import Story

SHOWN = 3
_ASKED = "present_heatmaps_asked"


def screens(story: Story) -> int:
    """A screen per image."""
    return max(1, len(_positions(story)))


def show(story: Story, screen: int) -> None:
    """Show an image beside its heatmaps, or offer to make those that are missing."""
    positions = _positions(story)
    st.title("Where does it look?", anchor=False)
    if not positions:
        st.markdown("This run has neither test nor validation images.")
        return
    wanted = [request for position in positions for request in _requests(story, position)]
    try:
        kept = {request: heatmaps.kept(story.run, request) for request in wanted}
    except LabError as error:
        st.error(literal(error), title="This run cannot be explained", icon=":material/broken_image:")
        return
    missing = [request for request, heatmap in kept.items() if heatmap is None]
    if missing and st.session_state.get(_ASKED) == story.run.id:
        waiting.maps(story.run, wanted)
    elif missing and all(kept[request] is None for request in _requests(story, positions[screen])):
        _offer(story, len(missing))
    _show_image(story, positions[screen], kept)


def _positions(story: Story) -> list[int]:
    """Return the images to explain: the worst mistakes, whose heatmaps are made ahead, or else the surest."""
    worst = [mistake.row for mistake in mistakes.worst(story, SHOWN)]
    if worst:
        return worst
    surest: list[int] = (-metrics.confidence(story.predictions)).argsort(kind="stable")[:SHOWN].tolist()
    return surest


def _requests(story: Story, position: int) -> list[Request]:
    return heatmap_row.requests(story.predictions, position)


def _offer(story: Story, missing: int) -> None:
    st.markdown(f"{count(missing, 'heatmap')} {'is' if missing == 1 else 'are'} not made yet.")
    st.button(
        "Make the heatmaps",
        key="present_make",
        icon=":material/center_focus_strong:",
        help="Takes about 15 seconds; after that they are kept with the run.",
        on_click=_ask,
        args=(story.run.id,),
    )


def _ask(run_id: str) -> None:
    st.session_state[_ASKED] = run_id


def _show_image(story: Story, position: int, kept: dict[Request, Heatmap | None]) -> None:
    dataset, config, predictions = story.shown.dataset, story.summary.config, story.predictions
    row = story.shown.row(str(predictions.ids[position]))
    if dataset is None or row is None or config is None:
        st.caption(literal(story.shown.fault or "This image is no longer in the data set."))
        return
    requests, resize = _requests(story, position), config.data.resize
    columns = 1 + len(requests)
    with st.grid(columns, min_column_width=150, gap="medium", key=f"present_maps_{columns}"):
        try:
            with st.container(gap="xsmall"):
                st.image(overlays.image(dataset, row, resize), width="stretch", alt="The image")
                st.markdown("The image")
            for request in requests:
                with st.container(gap="xsmall"):
                    heatmap = kept[request]
                    if heatmap is None:
                        st.skeleton(240)
                    else:
                        over = overlays.overlay(dataset, row, resize, heatmap, STRENGTH)
                        st.image(over, width="stretch", alt=_words(story, position, request))
                    st.markdown(_words(story, position, request))
                    if heatmap is not None and not heatmap.any():
                        st.caption("Nothing in the image supported this class.")
        except LabError as error:
            st.caption(literal(error))
    predicted, true = int(metrics.predicted(predictions)[position]), int(predictions.labels[position])
    verdict = "right" if predicted == true else "wrong"
    st.caption(
        "Yellow marks the strongest evidence for the class below it. "
        f"The model is {verdict} on this {story.split} image."
    )


def _words(story: Story, position: int, request: Request) -> str:
    """Name the class of a heatmap, its role, and its probability."""
    is_predicted = request.class_index == int(metrics.predicted(story.predictions)[position])
    share = percent(float(story.predictions.probabilities[position, request.class_index]), 0)
    role = "Predicted" if is_predicted else "Actual"
    return f"{role}: **{literal(story.names[request.class_index])}**, {share}"
