"""The features of a run's images, as stored in its folder."""

from __future__ import annotations

import streamlit as st

from core import runs
from core.explain import nearest_images
from core.explain.nearest_images import Features, Kind
from core.runs import Run


def stored(run: Run, kind: Kind = "own") -> Features | None:
    """Return the features of the run's current model, cached until they or the model change.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    try:
        paths = nearest_images.path(run, kind), run.model_path
        made, trained = (path.stat().st_mtime_ns for path in paths)
    except FileNotFoundError:
        return nearest_images.kept(run, kind)
    return _read(run.id, made, trained, kind)


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(run_id: str, made: int, trained: int, kind: Kind) -> Features | None:
    return nearest_images.kept(runs.open(run_id), kind)
