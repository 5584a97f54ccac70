"""The address of every page, and the query keys that a link to it may contain.

People save and share links: a page's file name is its address, so neither file names nor keys may change.
"""

from __future__ import annotations

HOME = "pages/start/home/home.py"
DATA = "pages/build/data/data.py"
TRAIN = "pages/build/train/train.py"
SWEEPS = "pages/build/sweeps/sweeps.py"
RESULTS = "pages/understand/results/results.py"
EXPLAIN = "pages/understand/explain/explain.py"
COMPARE = "pages/understand/compare/compare.py"
PREDICT = "pages/show/predict/predict.py"
PRESENT = "pages/show/present/present.py"
WORDS = "pages/learn/words/words.py"
PAGES = (HOME, DATA, TRAIN, SWEEPS, RESULTS, EXPLAIN, COMPARE, PREDICT, PRESENT, WORDS)
WORDS_PATH = "/words"
"""The address of the glossary in a link within text, which is no page link."""

SOURCE_KEY = "data"
"""The data set, on Data and Train."""
SETTING_KEY = "set"
"""A setting that differs from its default, such as ``fit.epochs=5``; repeatable, on Data and Train."""
DATA_TAB_KEY = "part"
"""The open tab of Data."""
COLLECT_KEY = "collect"
"""The data set that images are being collected for, on Data."""
COPIED_RUN_KEY = "from"
"""The run whose settings are copied to Train."""
RUN_KEY = "run"
"""The run that Results and Explain show, and that Train follows."""
RESULTS_TAB_KEY = "view"
"""The open tab of Results."""
IMAGE_KEY = "picture"
"""The test image that Explain shows in depth."""
LINES_KEY = "runs"
"""The lines of the runs list to compare, separated by commas."""
COMPARE_TAB_KEY = "shown"
"""The open tab of Compare."""
SWEEP_KEY = "sweep"
"""The sweep that Sweeps shows; empty for the form of a new one."""
WORD_KEY = "word"
"""The entry that the glossary shows."""
PRESENT_KEY = "present"
"""The step of a presentation, and its screen where it has several: ``guess-3``; leads there from any page."""
GUESSES_KEY = "guesses"
"""What the audience of a presentation has guessed."""
HIDE_KEY = "hide"
"""What a lesson hides of the settings, the results and the presentation, separated by commas."""
QUERY_KEYS = (
    SOURCE_KEY,
    SETTING_KEY,
    DATA_TAB_KEY,
    COLLECT_KEY,
    COPIED_RUN_KEY,
    RUN_KEY,
    RESULTS_TAB_KEY,
    IMAGE_KEY,
    LINES_KEY,
    COMPARE_TAB_KEY,
    SWEEP_KEY,
    WORD_KEY,
    PRESENT_KEY,
    GUESSES_KEY,
    HIDE_KEY,
)
KEYS_OF_TRAIN = (SOURCE_KEY, SETTING_KEY, COPIED_RUN_KEY, RUN_KEY)
"""Keys that lead to Train in a link without a page, which was the address of Train at first."""
