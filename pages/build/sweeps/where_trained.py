"""Where runs are trained: on this machine, or on a Ray cluster whose address the workspace stores."""

from __future__ import annotations

import streamlit as st

from core.workers import ray_cluster
from pages.common import frame
from pages.common.text import literal

_KEY = "cluster_address"


def show() -> None:
    """Show where runs are trained, and let the address be changed, in an expander."""
    address, variable = ray_cluster.address(), ray_cluster.from_environment()
    where = f"Ray cluster at {literal(address)}" if address else "this machine"
    with st.expander(f"Where to train: {where}", icon=":material/dns:", key="where_trained"):
        if variable:
            st.caption(
                f"The environment variable {variable} sets this and overrides any address entered here."
            )
            return
        st.caption(
            "This machine trains one run at a time. A Ray cluster trains several at once on its own "
            "machines. Leave the address empty to train on this machine."
        )
        st.session_state.setdefault(_KEY, address)
        st.text_input(
            "Ray cluster address",
            key=_KEY,
            placeholder="host:6379 or ray://host:10001",
            width=360,
            help="All machines in the cluster need access to this workspace folder and the packages in "
            "requirements-ray.txt. Runs in progress finish where they started.",
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
