"""The button that mends a finding, as a recorded step."""

from __future__ import annotations

import streamlit as st

from core.config import SETTINGS
from core.data import versions
from core.data.dataset import Dataset
from core.quality import Finding, checklist, costs
from core.words import count, setting_value
from pages.common import settings, version_steps
from pages.common.text import literal

_WORDS = {"exclude": "Exclude these", "keep_one": "Keep one of each group"}
_SETTING_WORDS = {
    ("data.group_by", "name"): "keep each group in one split",
    ("data.group_by", "folder"): "keep each group in one split",
    ("data.group_by", "none"): "split groups, too",
    ("data.split", "anew"): "split anew",
    ("data.resize", "pad"): "keep proportions: fit to square with bars",
}


def show(dataset: Dataset, finding: Finding) -> None:
    """What can be done about a finding; nothing where looking is all there is to do."""
    if finding.name == "balance":
        if finding.severity != "good":
            cap(dataset, finding)
    elif finding.removed:
        _exclude(dataset, finding)
    if finding.settings:
        _change_settings(finding)


def _change_settings(finding: Finding) -> None:
    """A press applies the settings to the next run, as a suggestion that can be changed back."""
    st.button(
        " and ".join(_SETTING_WORDS[change] for change in finding.settings.items()).capitalize(),
        key=f"set {finding.name}",
        icon=":material/tune:",
        on_click=_suggest,
        args=(finding.settings,),
    )


def _suggest(changes: dict[str, str]) -> None:
    st.session_state[settings.SUGGESTION] = changes
    words = [f"{SETTINGS[path].label}: {setting_value(path, value)}" for path, value in changes.items()]
    st.toast(f"{'. '.join(words)}. Change it back under Train, Advanced.", icon=":material/tune:")


def _exclude(dataset: Dataset, finding: Finding) -> None:
    leaves_out = count(len(finding.removed), "image")
    _cost(finding.cost)
    version_steps.button(
        f"{_WORDS[finding.action]} · leaves out {leaves_out}",
        f"mend {finding.name}",
        versions.exclude,
        dataset,
        finding.removed,
        finding.title,
        icon=":material/filter_alt_off:",
    )


def _cost(sentences: str) -> None:
    """What leaving them out costs, beside its button."""
    if sentences:
        st.markdown(f":orange[:material/warning:] This costs something: {literal(sentences)}")


def cap(dataset: Dataset, finding: Finding) -> None:
    """Any cap between the smallest and the largest class; the finding knows the one that evens them out."""
    sizes = finding.numbers["counts"].values()
    if len(set(sizes)) < 2:
        return
    key = f"cap {dataset.id} {dataset.version}"
    advised = min(finding.numbers["cap"], max(sizes)) if finding.action == "cap" else max(sizes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        most = st.number_input(
            "At most this many a class",
            1,
            max(sizes),
            advised,
            key=key,
            width=220,
            help="Which images are left out looks random and is always the same.",
        )
        over = checklist.over_cap(dataset.usable, most)
        leaves_out = f" · leaves out {count(len(over), 'image')}" if over else ""
        version_steps.button(
            f"Cap each class at {most:,}{leaves_out}",
            "mend balance",
            versions.exclude,
            dataset,
            over,
            f"At most {most:,} a class",
            disabled=not over,
            icon=":material/vertical_align_top:",
        )
    _cost(costs.in_words(dataset.usable, over))
