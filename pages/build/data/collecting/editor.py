"""The open collection: the camera, dropped and pasted files, its classes, undo, and using it."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core import engine
from core.data.collected import classes, images, listing, undoing
from core.data.collected.images import Added
from core.data.collected.log import Collected
from core.errors import LabError
from core.quality.checklist import MIN_PER_CLASS
from core.words import ago, count
from pages.build.data.collecting import class_cards, draft, shutter
from pages.build.data.collecting.draft import Draft
from pages.build.data.collecting.shutter import Batch
from pages.common import data_sources, frame, presets, settings
from pages.common.paste.paste import paste
from pages.common.text import literal

PRESET = "transfer"
"""It needs the fewest images."""
RECENT_SECONDS = 600
MAX_REFUSED = 3
_TURN, _CLASS_NAME, _INTO, _REPORT = "collect_turn", "collect_class_name", "collect_into", "collect_report"


@st.fragment
def show(opened: Draft) -> None:
    """Show the collection; each batch of photos reruns only this part of the page."""
    with frame.explained():
        with st.container():  # whatever it says, the camera keeps its place, without which it would stop
            _head(opened)
        left, right = st.columns([1, 1], gap="large")
        with left:
            shutter.show(f"shutter {opened.source}", _keeper(opened), lambda: opened.collected)
            st.caption(
                "Hold a button to take about 10 images per second. One hold is a take. Its images are nearly "
                "the same, so a take stays whole in training, validation or test. Make at least 3 takes per "
                "class, from other sides and before other backgrounds, and "
                f"{MIN_PER_CLASS} images in all."
            )
        with right:
            _files(opened)
        collected = opened.collected
        class_cards.show(opened, collected)
        _foot(opened, collected)


def _head(opened: Draft) -> None:
    frame.show_faults()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{literal(data_sources.short(opened.source))}**")
            st.caption("Stored on this machine as you go.")
        st.text_input("New class", key=_CLASS_NAME, placeholder="Its name", width=220)
        st.button("Add class", icon=":material/add:", key="add_class", on_click=_add_class, args=(opened,))
        st.button("Close", icon=":material/close:", key="close_draft", on_click=draft.close)
    others = [line for line in opened.collected.lines if line.by not in ("", draft.browser())]
    if others and time.time() - others[-1].time < RECENT_SECONDS:
        st.warning(
            f"Another window adds to this data set, too (last {ago(time.time() - others[-1].time)}). Your "
            "images and theirs end up in the same classes. For a data set of your own, press Close and begin "
            "one.",
            icon=":material/group:",
        )


def _add_class(opened: Draft) -> None:
    frame.attempt(classes.add, opened.folder, str(st.session_state.get(_CLASS_NAME, "")), draft.browser())
    st.session_state[_CLASS_NAME] = ""


def _keeper(opened: Draft) -> Callable[[Batch], None]:
    def keep(batch: Batch) -> None:
        contents = [("photo.jpg", jpeg) for jpeg in batch.jpegs]
        images.add(opened.folder, batch.of, contents, take=batch.take, by=draft.browser())

    return keep


def _files(opened: Draft) -> None:
    names = opened.collected.classes
    if not names:
        st.caption("Add a class first.")
        return
    into = st.selectbox(
        "Add files to class", list(names), format_func=lambda key: names.get(key, ""), key=_INTO
    )
    key = f"collect files {st.session_state.setdefault(_TURN, 0)}"
    st.file_uploader(
        "Drop images here",
        accept_multiple_files=True,
        key=key,
        label_visibility="collapsed",
        on_change=_take_files,
        args=(opened, key),
    )
    if pasted := paste(f"collect paste {opened.source}"):
        _add(opened, into, [(one.name, one.content) for one in pasted])
    _report(opened)


def _take_files(opened: Draft, key: str) -> None:
    chosen = st.session_state[key]
    st.session_state[_TURN] += 1  # another key empties the uploader
    _add(opened, st.session_state[_INTO], [(one.name, one.getvalue()) for one in chosen])


def _add(opened: Draft, into: str, contents: list[images.Content]) -> None:
    """Add files; :func:`_report` says what became of them."""
    name = opened.collected.classes.get(into, "")
    try:
        added = images.add(opened.folder, into, contents, by=draft.browser())
    except LabError as error:
        added = Added(refused=(str(error),))
    st.session_state[_REPORT] = opened.source, added, name


def _report(opened: Draft) -> None:
    """What became of the last files, if they were added to this collection."""
    source, added, name = st.session_state.get(_REPORT, ("", Added(), ""))
    if source != opened.source:
        return
    words = [count(added.new, "image") + f" added to {name}"] if added.new or not added.refused else []
    words += [f"{count(added.known, 'image')} already there"] if added.known else []
    if words:
        st.caption(literal(", ".join(words)) + ".")
    for reason in added.refused[:MAX_REFUSED]:
        st.warning(literal(f"{reason.rstrip('.')}."), icon=":material/broken_image:")
    if len(added.refused) > MAX_REFUSED:
        st.caption(f"So are {count(len(added.refused) - MAX_REFUSED, 'other file')}.")


def _foot(opened: Draft, collected: Collected) -> None:
    """Undo, and the next step, or why it is not possible yet."""
    obstacle = listing.obstacle(collected)
    new = sum(not image.is_used for image in collected.images.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        if change := undoing.last_change(opened.folder, collected, draft.browser()):
            st.button(
                f"Undo: {literal(change.words)}",
                icon=":material/undo:",
                key="undo_collecting",
                on_click=frame.attempt,
                args=(undoing.undo, opened.folder, change, draft.browser()),
            )
        label = "Use this data set" if opened.is_new else f"Add {count(new, 'image')} to the data set"
        if st.button(
            label,
            type="primary",
            icon=":material/arrow_forward:",
            key="use_collected",
            disabled=bool(obstacle) or not new,
        ):
            frame.attempt(_use, opened)
            st.rerun()
    if obstacle:
        st.caption(f":orange[:material/info:] {literal(obstacle)}")


def _use(opened: Draft) -> None:
    """Hand the images over; a new data set starts with the preset that needs the fewest."""
    is_new = opened.is_new
    images.use(opened.folder, by=draft.browser())
    engine.prepare(opened.source)
    draft.close()
    settings.choose_source(opened.source)
    settings.put(settings.VERSION, "")
    if is_new:
        presets.apply(PRESET)
