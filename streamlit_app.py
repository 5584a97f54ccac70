"""The entry point of the app: its menu of pages, and the frame in which every page runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.common import addresses

st.set_page_config(
    page_title="Image Classification Lab",
    page_icon=".streamlit/icon.png",
    layout="wide",
    initial_sidebar_state=350,
    menu_items={
        "About": "**Image Classification Lab**: train image classifiers in the browser and understand them."
    },
)

st.html(Path(__file__).parent / "pages" / "common" / "style.css")

train = st.Page(
    addresses.TRAIN,
    title="Train",
    icon=":material/model_training:",
    default=True,
    url_path="start",  # never shown: the default page has the address of the app itself
    help="Choose the settings, start a training run and watch the model learn.",
)


def open_train() -> None:
    """Redirect /train, which people guess from the other addresses, to the default page."""
    st.switch_page(train, query_params={name: st.query_params.get_all(name) for name in st.query_params})


page = st.navigation(
    {
        "Build": [
            st.Page(
                addresses.DATA,
                title="Data",
                icon=":material/photo_library:",
                help="Choose the images to learn from, and inspect them before training.",
            ),
            train,
            st.Page(open_train, title="Train", url_path="train", visibility="hidden"),
            st.Page(
                addresses.SWEEPS,
                title="Sweeps",
                icon=":material/tune:",
                help="Train with several values of one or more settings, and see which make a difference.",
            ),
        ],
        "Understand": [
            st.Page(
                addresses.RESULTS,
                title="Results",
                icon=":material/target:",
                help="How accurate a model is, how certain that figure is, and what the model gets wrong.",
            ),
            st.Page(
                addresses.EXPLAIN,
                title="Explain",
                icon=":material/center_focus_strong:",
                help="Which parts of an image a prediction is based on.",
            ),
            st.Page(
                addresses.COMPARE,
                title="Compare",
                icon=":material/compare_arrows:",
                help="Several models side by side: which settings differ, and what difference they make.",
            ),
        ],
        "Show": [
            st.Page(
                addresses.PREDICT,
                title="Predict",
                icon=":material/image_search:",
                help="What a trained model says about new images, and when to trust it.",
            ),
        ],
        "Learn": [
            st.Page(
                addresses.WORDS,
                title="Words",
                icon=":material/dictionary:",
                help="Every setting and every figure in plain words.",
            ),
        ],
    },
    expanded=True,
)

from pages.common import frame  # noqa: E402  # after the menu, which is visible while this loads

with frame.explained():
    frame.open_workspace()
    with frame.explained():
        frame.get_ready()
    frame.note_page(page.url_path)
    frame.show_faults()
    page.run()
