"""The entry point of the app: its server, its menu of pages, and the frame in which every page runs.

``streamlit run streamlit_app.py`` imports this file once to find ``app``, the server with its guard; that in
turn executes the file for every visitor and every click.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import StreamlitPage

from pages.common import addresses, web_guard


def main() -> None:
    """Show the menu and the chosen page."""
    st.set_page_config(
        page_title="Image Classification Lab",
        page_icon=".streamlit/icon.png",
        layout="wide",
        initial_sidebar_state=350,
        menu_items={
            "About": "**Image Classification Lab**: train image classifiers in the browser and "
            "understand them."
        },
    )
    st.html(Path(__file__).parent / "pages" / "common" / "style.css")
    page = st.navigation(menu(), expanded=True)

    from pages.common import frame  # after the menu, which is visible while this loads

    with frame.explained():
        frame.open_workspace()
        with frame.explained():
            frame.get_ready()
        frame.note_page(page.url_path)
        frame.show_faults()
        page.run()


def menu() -> dict[str, list[StreamlitPage]]:
    """Return the pages by section."""
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

    data = st.Page(
        addresses.DATA,
        title="Data",
        icon=":material/photo_library:",
        help="Choose the images to learn from, and inspect them before training.",
    )
    sweeps = st.Page(
        addresses.SWEEPS,
        title="Sweeps",
        icon=":material/tune:",
        help="Train with several values of one or more settings, and see which make a difference.",
    )
    results = st.Page(
        addresses.RESULTS,
        title="Results",
        icon=":material/target:",
        help="How accurate a model is, how certain that figure is, and what the model gets wrong.",
    )
    explain = st.Page(
        addresses.EXPLAIN,
        title="Explain",
        icon=":material/center_focus_strong:",
        help="Which parts of an image a prediction is based on.",
    )
    compare = st.Page(
        addresses.COMPARE,
        title="Compare",
        icon=":material/compare_arrows:",
        help="Several models side by side: which settings differ, and what difference they make.",
    )
    predict = st.Page(
        addresses.PREDICT,
        title="Predict",
        icon=":material/image_search:",
        help="What a trained model says about new images, and when to trust it.",
    )
    words = st.Page(
        addresses.WORDS,
        title="Words",
        icon=":material/dictionary:",
        help="Every setting and every figure in plain words.",
    )
    hidden = st.Page(open_train, title="Train", url_path="train", visibility="hidden")
    return {
        "Build": [data, train, hidden, sweeps],
        "Understand": [results, explain, compare],
        "Show": [predict],
        "Learn": [words],
    }


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, middleware=[Middleware(web_guard.WebGuard)])
