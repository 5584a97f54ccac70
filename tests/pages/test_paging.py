"""Long lists, one page at a time."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def script(total: int, per_page: int) -> None:
    import streamlit as st

    from pages.common.paging import choose_page

    page = choose_page(total, per_page, key="list", thing="image", order="newest first")
    st.text(f"{page.start} {page.stop}")


def paged(total: int, per_page: int = 10) -> AppTest:
    return AppTest.from_function(script, args=(total, per_page), default_timeout=60).run()


def open_page(app: AppTest) -> str:
    assert not app.exception
    return str(app.text[0].value)


@pytest.mark.parametrize("total", [0, 1, 10])
def test_a_single_page_has_no_buttons(total):
    app = paged(total)
    assert open_page(app) == f"0 {total}"
    assert not app.caption and "list_page" not in app.session_state


@pytest.mark.fault("F27")
def test_one_item_more_than_a_page_makes_a_second_page():
    app = paged(11)
    assert open_page(app) == "0 10" and app.caption[0].value == "1 to 10 of 11 images; newest first"
    app.get_by_key("list_page").set_value(2).run()
    assert open_page(app) == "10 11" and app.caption[0].value == "11 to 11 of 11 images; newest first"


def test_the_last_page_opens_if_a_filter_leaves_too_few_items_for_the_open_one():
    app = paged(95)
    app.get_by_key("list_page").set_value(10).run()
    assert open_page(app) == "90 95"
    app.args = (31, 10)
    assert open_page(app.run()) == "30 31"


def test_a_list_that_shrank_to_one_page_opens_at_the_first_page_once_it_grows_again():
    app = paged(95)
    app.get_by_key("list_page").set_value(10).run()
    for total, expected in ((3, "0 3"), (95, "0 10")):
        app.args = (total, 10)
        assert open_page(app.run()) == expected
