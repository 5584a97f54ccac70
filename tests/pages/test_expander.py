"""An expander whose content is computed only while it is open."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from pages.common.expander import lazy_expander

    lazy_expander("More", st.text, "content", key="more")


def test_the_content_is_computed_only_while_the_expander_is_open():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.text
    app.session_state["more"] = True
    assert [text.value for text in app.run().text] == ["content"]
    app.session_state["more"] = False
    assert not app.run().text
