"""The controls of a presentation: back and forth, the row of steps, and the way out."""

from __future__ import annotations

import streamlit as st

from pages.common.addresses import RESULTS, RUN_KEY
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.show.present import remote, steps
from pages.show.present.story import Story


def show(story: Story) -> None:
    """Show the way back and forth and a row of all steps; keys, remotes and swipes press its buttons."""
    everything, index = steps.places(story), steps.current(story)
    here = everything[index]
    with st.bottom, st.container(key="present_bar", horizontal=True, vertical_alignment="center"):
        st.button(
            "Back", key="present_back", shortcut="Left",
            disabled=index == 0, on_click=steps.back, args=(story, index),
        )  # fmt: skip
        with st.container(key="present_steps", horizontal=True, horizontal_alignment="center", gap="xsmall"):
            for step in steps.shown():
                is_here = step == here.step
                st.button(
                    steps.title_of(story, here) if is_here else step.title,
                    key=f"present_to_{step.name}",
                    type="tertiary",
                    icon=f":material/radio_button_{'checked' if is_here else 'unchecked'}:",
                    on_click=steps.Place(step, 0).go,
                )
        action = steps.action_of(story, here)
        st.button(
            action or "Next",
            key="present_next",
            type="primary",
            shortcut="Right",
            disabled=not action and index == len(everything) - 1,
            on_click=steps.forward,
            args=(story, index),
        )


def show_top(summary: Summary, words: str) -> None:
    """Show which run this is, and the way out."""
    with st.container(key="present_top", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(literal(summary.title), width="stretch")
        remote.show(words)
        if st.button("Leave", key="present_leave", type="tertiary", icon=":material/close:", shortcut="Esc"):
            st.switch_page(RESULTS, query_params={RUN_KEY: summary.run.id})
