"""``python -m core export``: take a trained model along, with the proof that it answers as in the lab."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core import runs
from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED
from core.cli.terminal import say
from core.export import exporting, formats
from core.export.exporting import Export
from core.export.proof import Proof
from core.processes import background_job, launch
from core.runs import Run


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser(
        "export",
        help="take a trained model along, checked against the lab's",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {one.name:<14}{one.title}: {one.audience}" for one in formats.FORMATS),
    )
    command.add_argument("run", help="a run's id, as python -m core runs lists them, or its folder")
    command.add_argument(
        "--format", required=True, choices=[one.name for one in formats.FORMATS], help="what to make"
    )
    command.add_argument(
        "--to", type=Path, default=Path(), metavar="PATH", help="the file to write, or a folder"
    )
    shared.add_json(command, "print what was measured as JSON")
    command.add_argument("--report-progress", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(command=export)


def export(arguments: argparse.Namespace) -> int:
    """Make one export; fails if it was compared with the lab's model and does not hold."""
    run = runs.find(arguments.run)
    if arguments.report_progress:
        return _for_the_app(run, arguments.format)
    target = exporting.target_of(arguments.to, arguments.format)
    with tqdm(disable=arguments.json or None, bar_format="{desc} {percentage:3.0f}%|{bar}|") as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.total, bar.n = max(total, 1), done
            bar.set_description_str(step)

        made = exporting.make(run, arguments.format, progress=progress)
    path = exporting.copy_to(made, target)
    _print(made, path, as_json=arguments.json)
    return FAILED if made.proof is not None and made.proof.verdict == "failed" else DONE


def _for_the_app(run: Run, name: str) -> int:
    launch.lower_priority()
    work = background_job.carry_out(
        exporting.job(run, name),
        lambda progress, should_stop: exporting.make(run, name, progress=progress, should_stop=should_stop),
    )
    return DONE if work.state == "done" else FAILED


def _print(made: Export, path: Path, *, as_json: bool) -> None:
    if as_json:
        proof = made.proof and made.proof.model_dump(mode="json")
        print(json.dumps({"path": str(path), "format": made.format.name, "proof": proof}))
        return
    if made.proof is not None:
        say(*_in_lines(made.proof))
    say(path)


def _in_lines(proof: Proof) -> list[str]:
    lines = [proof.sentence, *(f"  {name}: {value}" for name, value in proof.facts().items())]
    if proof.instead is not None:
        lines += ["The package has the model of floating point instead.", *_in_lines(proof.instead)]
    return lines
