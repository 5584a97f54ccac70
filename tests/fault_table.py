"""The faults that the lab survives, and which tests show it: ``pytest -m faults`` prints the table.

A test says what it shows with ``@pytest.mark.fault("F13", "A4")``. F rows are inputs and events of ordinary
life, A rows what an attack on the lab once brought down. ``pytest -m faults`` fails if a row has no test.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

ROWS = {
    "F1": "images that are empty, cut off or something else entirely",
    "F2": "images with the ending of another format",
    "F3": "images in CMYK, grey, palette or with transparency",
    "F4": "images of 16 bits, and of decimal numbers",
    "F5": "animations and files of several pages",
    "F6": "photos that only their EXIF turns upright",
    "F7": "images of a single pixel or a thin line",
    "F8": "images too large to decode, and headers that claim it",
    "F9": "documents, drawings and programs instead of images",
    "F10": "file names with emoji, markup, escapes or 255 bytes",
    "F11": "links to elsewhere, into circles and to nothing, and folders named like images",
    "F12": "upload names that are paths or that a system reserves",
    "F13": "zips that escape, explode, nest, link or are encrypted",
    "F14": "too few classes, too few images, very uneven ones, duplicates",
    "F15": "run ids that are paths, empty, endless or of no run",
    "F16": "damaged, missing or newer files of a run",
    "F17": "models that carry code, are cut off or are someone else's",
    "F18": "processes killed or told to end, a server restarted, a page reloaded",
    "F19": "starting twice, from two tabs or by two people",
    "F20": "stopping while loading, training, evaluating and saving",
    "F21": "a disk that is full or write-protected",
    "F22": "a clock that jumps, and process ids used again",
    "F23": "losses that are not numbers, absurd learning rates, too little memory",
    "F24": "no internet, and downloads cut short",
    "F25": "requests from elsewhere, and files over the limit",
    "F26": "names that are links, markup or formulas",
    "F27": "1,000 runs and 10,000 images",
    "F28": "a fresh machine, and no TensorFlow in the app's process",
    "A1": "settings in range whose network does not fit into memory",
    "A2": "one run's file of wrong types or endless depth, read by everybody",
    "A3": "imported runs with impossible contents",
    "A4": "archives with a few bytes changed",
    "A5": "formulas in the exports of tables",
    "A6": "a disk that fills up while training",
    "A7": "half-written files after a kill",
    "A8": "no model after a kill, although epochs had finished",
    "A9": "addresses as names of classes and runs",
    "A10": "frames, other local ports and foreign hosts",
    "A11": "control characters and reversed text in a terminal",
    "A12": "models that name dangerous classes indirectly, or promise other shapes than their weights",
    "A13": "resuming right after a kill, and names of endless length",
}

_ORDER = ("failed", "error", "passed", "skipped")


class FaultTable:
    """Collects the outcome of every test that shows a fault; with xdist, in the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outcomes: dict[str, dict[str, Counter[str]]] = {row: defaultdict(Counter) for row in ROWS}
        self._is_asked_for = config.option.markexpr == "faults"
        self._is_whole = (
            self._is_asked_for
            and config.args_source is not pytest.Config.ArgsSource.ARGS
            and not config.option.keyword
            and not config.option.collectonly
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark the test of a fault ``faults``, which ``-m`` selects, and put its rows on its report."""
        for item in items:
            rows = [row for mark in item.iter_markers("fault") for row in mark.args]
            if unknown := set(rows) - set(ROWS):
                raise pytest.UsageError(f"{item.nodeid}: there is no fault {', '.join(sorted(unknown))}")
            if rows:
                item.add_marker("faults")
                item.user_properties += [("fault", row) for row in dict.fromkeys(rows)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended; an error in its fixtures counts too."""
        if report.when != "call" and report.passed:
            return
        outcome = report.outcome if report.when == "call" or report.skipped else "error"
        for name, row in report.user_properties:
            if name == "fault":
                self._outcomes[str(row)][report.nodeid.partition("[")[0]][outcome] += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run of all these tests if there is a row that none of them shows."""
        if self._missing() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table."""
        if not self._is_asked_for or self._config.option.collectonly:
            return
        terminalreporter.section("faults")
        for row, tests in self._outcomes.items():
            terminalreporter.line(f"{row:<4}{_worst(tests):<9}{ROWS[row]}")
            for test, outcomes in tests.items():
                terminalreporter.line(f"{'':13}{test}: {_in_words(outcomes)}")

    def _missing(self) -> list[str]:
        is_worker = hasattr(self._config, "workerinput")
        return [row for row in ROWS if self._is_whole and not is_worker and not self._outcomes[row]]


def _worst(tests: dict[str, Counter[str]]) -> str:
    """The outcome of a row; skipped only if nothing of it ran."""
    found = {outcome for outcomes in tests.values() for outcome in outcomes}
    return next((outcome for outcome in _ORDER if outcome in found), "NO TEST")


def _in_words(outcomes: Counter[str]) -> str:
    return ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in _ORDER if outcomes[outcome])
