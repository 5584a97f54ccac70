"""The frame of the lab: its pages in their sections, and what has to be under way behind them."""

from __future__ import annotations

import streamlit as st

from pages.common import addresses

st.set_page_config(
    page_title="Image Classification Lab",
    page_icon=".streamlit/icon.png",
    layout="wide",
    initial_sidebar_state=350,
    menu_items={
        "About": "**Image Classification Lab**: train an image classifier in the browser, and understand it."
    },
)

train = st.Page(
    addresses.TRAIN,
    title="Train",
    icon=":material/model_training:",
    default=True,
    url_path="start",  # never seen: the default page has the address of the app itself
    help="Set everything a training depends on, start it, and watch it learn.",
)


def open_train() -> None:
    """Make /train, which people guess from the other addresses, a way to the default page."""
    st.switch_page(train, query_params={name: st.query_params.get_all(name) for name in st.query_params})


page = st.navigation(
    {
        "Build": [
            st.Page(
                addresses.DATA,
                title="Data",
                icon=":material/photo_library:",
                help="Choose the images to learn from, and look at them before you train.",
            ),
            train,
            st.Page(open_train, title="Train", url_path="train", visibility="hidden"),
            st.Page(
                addresses.SWEEPS,
                title="Sweeps",
                icon=":material/tune:",
                help="Train with several values of some settings, and see which make a difference.",
            ),
        ],
        "Understand": [
            st.Page(
                addresses.RESULTS,
                title="Results",
                icon=":material/target:",
                help="How good one model is, how sure that is, and what it gets wrong.",
            ),
            st.Page(
                addresses.EXPLAIN,
                title="Explain",
                icon=":material/center_focus_strong:",
                help="Where in an image a model found what it says.",
            ),
            st.Page(
                addresses.COMPARE,
                title="Compare",
                icon=":material/compare_arrows:",
                help="Several models side by side: what was set differently, and what it changed.",
            ),
        ],
    },
    expanded=True,
)

from pages.common import frame  # noqa: E402  # after the menu, which is on the screen while this loads

with frame.explained():
    frame.open_workspace()
    with frame.explained():
        frame.get_ready()
    frame.note_page(page.url_path)
    frame.show_faults()
    page.run()
