"""Take a run along: choose a format, have it made and tried, see how it did, download it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import LabError
from core.export import exporting, formats
from core.export.exporting import Export, Exporting
from core.export.formats import Format
from core.export.proof import Proof
from core.runs import Run
from core.words import byte_size, difference, milliseconds, moment
from pages.common import frame, glossary, work_progress
from pages.common.expander import lazy_expander
from pages.common.run_picker import Summary
from pages.common.text import literal

POLL_SECONDS = 1.0


def show(summary: Summary) -> None:
    """Show what the run can leave the lab as, and the chosen format: its progress, or how it did."""
    run = summary.run
    if not run.model_path.exists():
        st.info(
            "This run has no model file, for example because it was deleted to save space.",
            title="There is nothing to take home",
            icon=":material/info:",
        )
        return
    st.markdown(
        "Each download is one file. A model comes with the code that reads images as its training "
        "did, and is tried on test images before you get it, by a program that knows nothing of the lab."
    )
    by_name = {one.name: one for one in formats.FORMATS}
    chosen = by_name[
        st.radio(
            "Format",
            list(by_name),
            key="export_format",
            format_func=lambda name: by_name[name].title,
            captions=[one.audience for one in formats.FORMATS],
        )
    ]
    if chosen.missing:
        st.info(literal(chosen.missing), title="Another package is needed", icon=":material/info:")
        return
    with frame.explained():
        _format(run, chosen)


def _format(run: Run, chosen: Format) -> None:
    work = exporting.status(run, chosen.name)
    if work.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key=f"exporting-{chosen.name}")(run, chosen)
        return
    export = _kept(run, chosen)
    if export is not None:
        _result(export)
        lazy_expander("Make it again", _offer, run, chosen, key="export_again", type="compact")
        return
    _say_how_it_ended(work)
    _offer(run, chosen)


def _kept(run: Run, chosen: Format) -> Export | None:
    try:
        return exporting.kept(run, chosen.name)
    except LabError as error:
        st.error(f"{literal(str(error))} Make it again.", icon=":material/error:")
        return None


def _offer(run: Run, chosen: Format) -> None:
    st.button(
        f"Make {chosen.title}",
        icon=":material/deployed_code:",
        key="make_export",
        on_click=frame.attempt,
        args=(exporting.start, run, chosen.name),
    )
    st.caption(f"This takes {chosen.takes}, and continues if you close the page.")


def _say_how_it_ended(work: Exporting) -> None:
    if work.state == "failed":
        st.error(literal(work.message), title="It could not be made", icon=":material/error:")
    elif work.state in ("stopped", "interrupted"):
        st.info(literal(work.message), icon=":material/pause_circle:")


def _watch(run: Run, chosen: Format) -> None:
    with frame.explained():
        work = exporting.status(run, chosen.name)
        if work.state != "running":
            st.rerun()
        work_progress.show(work, f"Making {chosen.title}", key="stop_export")
        st.caption("This continues if you close the page or restart the lab.")


def _result(export: Export) -> None:
    if export.proof is not None:
        _verdict(export.proof)
        if export.proof.instead is not None:
            st.markdown("The package has the model of floating point instead:")
            _verdict(export.proof.instead)
    st.download_button(
        f"Download ({byte_size(export.path.stat().st_size)})",
        export.path.read_bytes,
        export.file_name,
        "application/octet-stream",
        key="download_export",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(f"Made {moment(export.made)}.")


def _verdict(proof: Proof) -> None:
    title, icon, box = {
        "passed": ("It answers as the lab does", ":material/verified:", st.success),
        "failed": ("It does not answer as the lab does", ":material/error:", st.error),
        "unproved": ("It could not be tried", ":material/warning:", st.warning),
    }[proof.verdict]
    box(literal(proof.sentence), title=title, icon=icon)
    if proof.agreement is None:
        return
    with st.container(horizontal=True):
        st.metric(
            "Same answer as in the lab",
            f"{proof.agreement.correct:,} of {proof.agreement.total:,}",
            help=glossary.help_of("same answer"),
        )
        st.metric(
            "Largest difference", difference(proof.difference), help=glossary.help_of("largest difference")
        )
        st.metric("Time per image", milliseconds(proof.milliseconds))
        st.metric("Model", byte_size(proof.model_bytes))
    lazy_expander("All that was measured", _facts, proof, key=f"facts-{proof.format}", type="compact")


def _facts(proof: Proof) -> None:
    facts = pd.DataFrame(proof.facts().items(), columns=["Measured", "Value"])
    st.dataframe(facts, hide_index=True, height="content", alt="All that was measured of the exported model")
