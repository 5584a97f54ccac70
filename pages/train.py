"""Hands over to the frame: Streamlit looks here for a link that is opened before the frame has ever run."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parent.parent / "streamlit_app.py"))
