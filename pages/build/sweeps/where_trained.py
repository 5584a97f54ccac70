"""Where runs are trained: on this machine, or on a Ray cluster whose address is kept for the workspace."""

from __future__ import annotations

import streamlit as st

from core.workers import ray_cluster
from pages.common import frame
from pages.common.text import literal

_KEY = "cluster_address"


def show() -> None:
    """A fold that says where, and takes another address."""
    address, variable = ray_cluster.address(), ray_cluster.from_environment()
    where = f"on the Ray cluster at {literal(address)}" if address else "on this machine"
    with st.expander(f"Trained {where}", icon=":material/dns:", key="where_trained"):
        if variable:
            st.caption(f"The environment variable {variable} says so, and comes before any address here.")
            return
        st.caption(
            "This machine trains one run after another. A Ray cluster trains several at once, on its "
            "machines; leave the address empty to train on this one."
        )
        st.session_state.setdefault(_KEY, address)
        st.text_input(
            "Address of a Ray cluster",
            key=_KEY,
            placeholder="host:6379, or ray://host:10001",
            width=360,
            help="All its machines need this workspace's folder and the packages of requirements-ray.txt. "
            "Runs that are under way end where they are.",
        )
        st.button(
            "Use this address",
            icon=":material/check:",
            key="cluster_save",
            on_click=frame.attempt,
            args=(_save,),
        )


def _save() -> None:
    ray_cluster.keep_address(st.session_state[_KEY])
