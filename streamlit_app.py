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

PRESENT_PATH = "present"  # the address of the page without a menu


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
    st.logo(".streamlit/logo.svg", size="large", icon_image=".streamlit/icon.png")
    pages = menu()
    page = st.navigation(pages, expanded=True)
    is_presented = page.url_path == PRESENT_PATH
    if addresses.PRESENT_KEY in st.query_params and not is_presented:
        move_to(addresses.PRESENT)
    if page == pages[""][0] and not set(st.query_params).isdisjoint(addresses.KEYS_OF_TRAIN):
        move_to(addresses.TRAIN)

    # After the menu, which is visible while this loads.
    from pages.common import frame, lesson, queued, theme

    with frame.drawing(), frame.explained():
        frame.open_workspace()
        with frame.explained():
            frame.get_ready()
        frame.note_page(page.url_path)
        frame.show_faults()
        theme.follow()
        lesson.load()
        if not is_presented:
            queued.show()
            lesson.show_note()
        page.run()


def move_to(page: str) -> None:
    """Redirect to the page that a link means, with all of its query."""
    st.switch_page(page, query_params={name: st.query_params.get_all(name) for name in st.query_params})


def menu() -> dict[str, list[StreamlitPage]]:
    """Return the pages by section."""
    home = st.Page(
        addresses.HOME,
        title="Home",
        icon=":material/home:",
        default=True,
        url_path="start",  # never shown: the default page has the address of the app itself
        help="Ways to begin, and your last runs.",
    )

    def open_home() -> None:
        """Redirect /home, which people guess from the other addresses, to the default page."""
        st.switch_page(home)

    data = st.Page(
        addresses.DATA,
        title="Data",
        icon=":material/counter_1:",
        help="Choose the images to learn from, and inspect them before training.",
    )
    train = st.Page(
        addresses.TRAIN,
        title="Train",
        icon=":material/counter_2:",
        help="Choose the settings, start a training run and watch the model learn.",
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
        icon=":material/counter_3:",
        help="How accurate a model is, how certain that figure is, and what the model gets wrong.",
    )
    explain = st.Page(
        addresses.EXPLAIN,
        title="Explain",
        icon=":material/counter_4:",
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
    present = st.Page(
        addresses.PRESENT,
        title="Present",
        icon=":material/slideshow:",
        help="A result for an audience: full page, step by step, with a guessing game.",
    )
    words = st.Page(
        addresses.WORDS,
        title="Words",
        icon=":material/dictionary:",
        help="Every setting and every figure in plain words.",
    )
    hidden = st.Page(open_home, title="Home", url_path="home", visibility="hidden")
    return {
        "": [home, hidden],
        "Step by step": [data, train, results, explain],
        "Several models": [compare, sweeps],
        "Show": [predict, present],
        "Learn": [words],
    }


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, middleware=[Middleware(web_guard.WebGuard)])
