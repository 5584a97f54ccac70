"""Ctrl-C in real processes, at the moment when they import a certain module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.workspace import PROJECT

only_where_signals_are_delivered = pytest.mark.skipif(
    os.name == "nt", reason="there, os.kill ends a process whatever it does with the signal"
)
PRESSED_AT_IMPORT = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["CTRL_C_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, getattr(signal, os.environ["CTRL_C_IS"]))
sys.meta_path.insert(0, Press())
"""
"""Python itself executes a sitecustomize before anything else."""


def interrupted(folder: Path, at: str, *command: str, ctrl_c_is: str = "default_int_handler"):
    (folder / "sitecustomize.py").write_text(PRESSED_AT_IMPORT, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(folder), "CTRL_C_AT": at, "CTRL_C_IS": ctrl_c_is},
        capture_output=True,
        text=True,
        timeout=120,
    )


@only_where_signals_are_delivered
@pytest.mark.parametrize(
    ("at", "command"),
    [
        ("core.cli.main", "core"),
        ("numpy._core.multiarray", "core"),  # which tells the C code of NumPy of any fault as an ImportError
        ("core.cli.more_images", "core"),
        ("pandas", "core.worker"),
        ("core.engine", "core.workers.serve"),
    ],
)
def test_ctrl_c_during_imports_ends_a_command_without_a_word(tmp_path, at, command):
    ended = interrupted(tmp_path, at, command, "runs")
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_ctrl_c_during_imports_is_ignored_where_the_shell_says_so(tmp_path):
    ended = interrupted(tmp_path, "core.cli.main", "core", "runs", ctrl_c_is="SIG_IGN")
    assert (ended.returncode, ended.stderr) == (0, "")


@only_where_signals_are_delivered
@pytest.mark.parametrize(
    ("at", "command"), [("mlxtend", ["core", "prepare", "digits"]), ("tensorflow", ["core.workers.serve"])]
)
def test_ctrl_c_while_something_is_imported_later_ends_a_command_without_a_word(tmp_path, at, command):
    ended = interrupted(tmp_path, at, *command)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert "Traceback" not in ended.stderr
