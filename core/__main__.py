"""The lab without a screen: ``python -m core prepare | run | runs | suspects | sweep``.

Exit codes: 0 all is well, 1 it failed and a sentence on standard error says why, 2 the words of the
command are wrong, 3 the data set is not fit to train on, 130 stopped from the keyboard.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from tqdm import tqdm

from core import config, datasets, engine, quality, runs, suspects_command, sweep_command
from core.data.dataset import Dataset
from core.errors import LabError
from core.processes import background_job
from core.processes.threads import Progress, ShouldStop
from core.runs import Labels, Run, Status

FAILED, WRONG_WORDS, UNFIT, FROM_KEYBOARD = 1, 2, 3, 130
CLASSES_NAMED = 20


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    arguments = _parser().parse_args(words)
    try:
        exit_code: int = arguments.command(arguments)
    except sweep_command.WrongWords as error:
        print(error, file=sys.stderr)
        return WRONG_WORDS
    except LabError as error:
        print(error, file=sys.stderr)
        return FAILED
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Train and understand image classifiers."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    prepare = commands.add_parser("prepare", help="index a data set and check it")
    prepare.add_argument("source", help="garden, digits, tfds:NAME or a folder with one folder per class")
    prepare.add_argument("--json", action="store_true", help="print everything found as JSON")
    prepare.add_argument("--quiet", action="store_true", help="no progress bar")
    prepare.add_argument("--report-progress", action="store_true", help=argparse.SUPPRESS)
    prepare.set_defaults(command=_prepare)

    run = commands.add_parser("run", help="train in the foreground; the last line is the run's folder")
    run.add_argument("source", help="garden, digits, tfds:NAME or a folder with one folder per class")
    run.add_argument("--preset", choices=list(config.PRESETS), default="tutorial", help="starting point")
    run.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="for example fit.epochs=10"
    )
    run.add_argument("--name", default="", help="a name for the run")
    run.add_argument("--json", action="store_true", help="print the run's report as JSON")
    run.set_defaults(command=_run)

    listing = commands.add_parser("runs", help="list all runs, newest first")
    listing.add_argument("--json", action="store_true", help="print the list as JSON")
    listing.set_defaults(command=_runs)

    suspects_command.add_to(commands)
    sweep_command.add_to(commands)
    return parser


def _prepare(arguments: argparse.Namespace) -> int:
    if arguments.report_progress:
        return _prepare_for_the_app(arguments.source)
    with _bar(quiet=arguments.quiet or arguments.json) as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.n = done / max(total, 1)
            bar.set_description_str(step)
            bar.set_postfix_str(f"{done} of {total}" if total else "")

        dataset = datasets.prepare(arguments.source, progress=progress)
    report = quality.check(dataset)
    if arguments.json:
        print(json.dumps({**_describe(dataset), **report.as_dict()}))
    else:
        print(_sentences(dataset), *_checklist(report), sep="\n")
    return 0 if report.fit else UNFIT


def _prepare_for_the_app(source: str) -> int:
    def do(progress: Progress, should_stop: ShouldStop) -> None:
        datasets.prepare(source, progress=progress, should_stop=should_stop)

    return 0 if background_job.carry_out(engine.Preparation(source), do).state == "done" else FAILED


def _describe(dataset: Dataset) -> dict[str, Any]:
    usable = dataset.usable
    return {
        "id": dataset.id,
        "source": dataset.source,
        "path": str(dataset.path),
        "version": dataset.version,
        "pictures": len(usable),
        "classes": usable["label"].value_counts().to_dict(),
        "skipped": [{"file": one["file"], "problem": one["reason"]} for one in dataset.skipped],
    }


def _sentences(dataset: Dataset) -> str:
    facts = _describe(dataset)
    each = [f"{name} {count:,}" for name, count in facts["classes"].items()]
    classes = ", ".join(each[:CLASSES_NAMED]) + (", ..." if len(each) > CLASSES_NAMED else "")
    skipped = "".join(f"\n  left out: {one['file']} ({one['problem']})" for one in facts["skipped"])
    return f"{facts['pictures']:,} pictures in {len(each):,} classes: {classes}{skipped}"


def _checklist(report: quality.Report) -> list[str]:
    """A line for each finding but the good ones outside the four boxes, and the overall verdict."""
    marks = {True: "[x]", False: "[ ]"}
    boxes = [f"  {marks[box.ticked]} {box.title}: {box.verdict}" for box in report.boxes]
    others = [
        f"  {finding.severity}: {finding.title}: {finding.verdict}"
        for finding in report.findings
        if not finding.box and finding.severity != "good"
    ]
    return [*boxes, *others, report.verdict]


def _run(arguments: argparse.Namespace) -> int:
    from core import worker

    assignments = [*arguments.set, f"data.source={arguments.source}"]
    try:
        wanted = config.from_assignments(assignments, config.preset(arguments.preset))
    except LabError as error:
        print(error, file=sys.stderr)
        return WRONG_WORDS
    run = runs.create(wanted, Labels(name=arguments.name))
    signal.signal(signal.SIGINT, lambda *_: run.ask_to_stop())
    with _bar(quiet=arguments.json) as bar:
        status = worker.carry_out(run, watch=lambda status: _show(bar, status))
    if status.message:
        print(status.message, status.hint, file=sys.stderr)
    _print_run(run, as_json=arguments.json)
    return {"done": 0, "stopped": FROM_KEYBOARD}.get(status.state, FAILED)


def _print_run(run: Run, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"id": run.id, "path": str(run.path), "state": run.status.state, **run.report()}))
        return
    if run.has_report:
        test = run.report()["test_accuracy"]
        print(
            f"test accuracy {test['value']:.3f} (95 % interval {test['low']:.3f} to {test['high']:.3f}, "
            f"{test['correct']} of {test['total']} pictures)"
        )
    print(run.path)


def _bar(*, quiet: bool) -> tqdm[NoReturn]:
    return tqdm(disable=quiet or None, bar_format="{desc} {percentage:3.0f}%|{bar}| {postfix}", total=1.0)


def _show(bar: tqdm[NoReturn], status: Status) -> None:
    if status.state == "starting" or not status.batches:
        bar.set_description_str(status.message or status.state)
        return
    bar.n = (max(status.epoch - 1, 0) + status.batch / status.batches) / max(status.epochs, 1)
    bar.set_description_str(f"epoch {status.epoch} of {status.epochs}")
    speed = f"{status.images_per_second:.0f} pictures/s" if status.images_per_second else ""
    left = f"{status.seconds_left:.0f} s left" if status.seconds_left is not None else ""
    bar.set_postfix_str(" ".join((speed, left)))


def _runs(arguments: argparse.Namespace) -> int:
    table = [_summary(run) for run in runs.all()]
    if arguments.json:
        print(json.dumps(table))
        return 0
    for row in table:
        test = row["test_accuracy"]
        score = f"test {test['value']:.3f} ({test['low']:.3f}-{test['high']:.3f})" if test else ""
        print(f"{row['id']}  {row['state']:<12} {row['source']:<20} {score}  {row['name']}")
    return 0


def _summary(run: Run) -> dict[str, Any]:
    status = run.status
    damaged = status.state == "damaged"
    return {
        "id": run.id,
        "name": run.labels.name,
        "path": str(run.path),
        "state": status.state,
        "source": "" if damaged else run.config.data.source,
        "message": status.message,
        "val_accuracy": None if damaged else run.report().get("val_accuracy"),
        "test_accuracy": None if damaged else run.report().get("test_accuracy"),
    }


if __name__ == "__main__":
    sys.exit(main())
