"""``python -m core prepare``: index a data set and check its quality."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from core import datasets, engine, quality
from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED, UNFIT
from core.cli.terminal import say
from core.data.dataset import Dataset
from core.processes import background_job
from core.processes.threads import Progress, ShouldStop
from core.training import fresh_data
from core.words import count

CLASSES_NAMED = 20


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("prepare", help="index a data set and check its quality")
    shared.add_source(command)
    shared.add_layout(command)
    shared.add_json(command, "print everything found as JSON")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.add_argument("--report-progress", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(command=prepare)


def prepare(arguments: argparse.Namespace) -> int:
    """Index a data set and print the findings."""
    if arguments.report_progress:
        return _for_the_app(arguments.source, arguments.layout)
    dataset = fresh_data.prepare(arguments.source, arguments.layout, quiet=arguments.quiet or arguments.json)
    report = quality.check(dataset)
    if arguments.json:
        print(json.dumps({**_describe(dataset), **report.as_dict()}))
    else:
        say(_sentences(dataset), *_checklist(report))
    return DONE if report.fit else UNFIT


def _for_the_app(source: str, layout: str) -> int:
    def do(progress: Progress, should_stop: ShouldStop) -> None:
        datasets.prepare(source, layout=layout, progress=progress, should_stop=should_stop)

    state = background_job.carry_out(engine.Preparation(source), do).state
    return {"done": DONE, "undecided": UNFIT}.get(state, FAILED)


def _describe(dataset: Dataset) -> dict[str, Any]:
    usable = dataset.usable
    return {
        "id": dataset.id,
        "source": dataset.source,
        "path": str(dataset.path),
        "version": dataset.version,
        "read_as": dataset.read_as,
        "left_aside": [asdict(one) for one in dataset.left_aside],
        "images": len(usable),
        "classes": usable["label"].value_counts().to_dict(),
        "skipped": [{"file": one["file"], "problem": one["reason"]} for one in dataset.skipped],
    }


def _sentences(dataset: Dataset) -> str:
    facts = _describe(dataset)
    each = [f"{name} {number:,}" for name, number in facts["classes"].items()]
    classes = ", ".join(each[:CLASSES_NAMED]) + (", ..." if len(each) > CLASSES_NAMED else "")
    skipped = "".join(f"\n  left out: {one['file']} ({one['problem']})" for one in facts["skipped"])
    found = f"{count(facts['images'], 'image')} in {count(len(each), 'class')}: {classes}{skipped}"
    return f"Read as: {dataset.read_as}\n{found}"


def _checklist(report: quality.Report) -> list[str]:
    """One line per check and per other finding that is not good, then the overall verdict."""
    marks = {True: "[x]", False: "[ ]"}
    boxes = [f"  {marks[box.ticked]} {box.title}: {box.verdict}" for box in report.boxes]
    others = [
        f"  {finding.severity}: {finding.title}: {finding.verdict}"
        for finding in report.findings
        if not finding.box and finding.severity != "good"
    ]
    return [*boxes, *others, report.verdict]
