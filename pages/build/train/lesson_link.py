"""A link to a lesson: the settings as they are now, with what is to be hidden."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from core.config import SETTINGS
from core.errors import LabError
from pages.common import lesson, settings
from pages.common.addresses import HIDE_KEY, SETTING_KEY, SOURCE_KEY
from pages.common.text import literal

_CHOSEN = "lesson_chosen"
_TRAIN_PATH = "/train"


def show() -> None:
    """Show a button that opens the choice of what to hide, and the link that hides it."""
    with st.popover(
        "Copy a link to this lesson",
        icon=":material/school:",
        type="tertiary",
        key="lesson_link",
        on_change="rerun",
    ) as popover:
        if popover.open:
            _choose()


def _choose() -> None:
    st.markdown("A link to this page, with the settings as they are now and without what distracts.")
    hidden = st.multiselect(
        "Hide",
        [*SETTINGS, *_parts()],
        default=sorted(lesson.hidden()),
        format_func=_title,
        key=_CHOSEN,
        placeholder="Nothing",
        persist_state="session",
        help="Settings, parts of Train and Results, and steps of Present. "
        "Whoever opens the link can show everything again.",
    )
    try:
        link = address(hidden)
    except LabError as error:
        st.markdown(literal(error))
    else:
        st.code(link, language=None, wrap_lines=True)


def address(hidden: list[str]) -> str:
    """Return the link: data set, settings that differ from its defaults, and what is hidden.

    Raises:
        LabError: a setting is not valid.
    """
    config = settings.current()
    query = [(SOURCE_KEY, config.data.source)]
    query += [(SETTING_KEY, words) for words in settings.assignments(config)]
    if hidden:
        query.append((HIDE_KEY, lesson.in_address(hidden)))
    here = urlsplit(st.context.url or "")
    return f"{here.scheme}://{here.netloc}{_TRAIN_PATH}?{urlencode(query, safe=',:/')}"


def _parts() -> dict[str, str]:
    return {name: f"{page}: {title}" for page, parts in lesson.PARTS.items() for name, title in parts.items()}


def _title(name: str) -> str:
    return f"Setting: {SETTINGS[name].label}" if name in SETTINGS else _parts()[name]
