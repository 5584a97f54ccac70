"""Run the app: Streamlit looks here when a link is opened before the app has ever run."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parent.parent / "streamlit_app.py"), run_name="__main__")
