"""Where every page is, and the keys of the queries that a link to one may hold.

People save links and send them: a page's file name is its address, and neither it nor a key may change.
"""

from __future__ import annotations

DATA = "pages/build/data/data.py"
TRAIN = "pages/build/train/train.py"
SWEEPS = "pages/build/sweeps/sweeps.py"
RESULTS = "pages/understand/results/results.py"
EXPLAIN = "pages/understand/explain/explain.py"
COMPARE = "pages/understand/compare/compare.py"
PAGES = (DATA, TRAIN, SWEEPS, RESULTS, EXPLAIN, COMPARE)

SOURCE_KEY = "data"
"""The data set, on Data and Train."""
SETTING_KEY = "set"
"""A setting that differs from its default, as ``fit.epochs=5``; once for each, on Data and Train."""
DATA_TAB_KEY = "part"
"""The open tab of Data."""
COPIED_RUN_KEY = "from"
"""The run whose settings Train fills in."""
RUN_KEY = "run"
"""The run that Results and Explain are about, and that Train follows."""
RESULTS_TAB_KEY = "view"
"""The open tab of Results."""
IMAGE_KEY = "picture"
"""The test image that Explain shows in depth."""
LINES_KEY = "runs"
"""The lines of the runs list that Compare compares, separated by commas."""
SWEEP_KEY = "sweep"
"""The sweep that Sweeps shows; empty for the form of a new one."""
QUERY_KEYS = (
    SOURCE_KEY,
    SETTING_KEY,
    DATA_TAB_KEY,
    COPIED_RUN_KEY,
    RUN_KEY,
    RESULTS_TAB_KEY,
    IMAGE_KEY,
    LINES_KEY,
    SWEEP_KEY,
)
