"""``python -m core suspects``: rank the images whose labels are probably wrong."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from tqdm import tqdm

from core import datasets
from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED
from core.cli.terminal import say
from core.data.dataset import Dataset
from core.errors import NoWeights
from core.label_errors import cross_validation, handcrafted_features, job, ranking
from core.label_errors.job import Judging
from core.label_errors.ranking import Judged
from core.processes import background_job, launch
from core.processes.threads import Progress, ShouldStop, never
from core.training import fresh_data
from core.words import percent

SHOWN = 20


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("suspects", help="find labels that are probably wrong")
    shared.add_source(command)
    command.add_argument(
        "--offline",
        action="store_true",
        help="judge by outlines and colours instead of by a network that must be downloaded once",
    )
    shared.add_json(command, "print all images as JSON, most suspicious first")
    command.add_argument("--report-progress", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Judge every label, save the judgement beside the index, and print the suspects."""
    if arguments.report_progress:
        return _for_the_app(arguments.source)
    fresh_data.refresh(arguments.source, quiet=arguments.json)
    with tqdm(disable=arguments.json or None, bar_format="{desc} {percentage:3.0f}%|{bar}|") as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.total, bar.n = max(total, 1), done
            bar.set_description_str(step)

        dataset, judged = _judge(arguments.source, progress, never, offline=arguments.offline)
    _print(dataset, judged, as_json=arguments.json)
    return DONE


def _for_the_app(source: str) -> int:
    launch.lower_priority()
    work = background_job.carry_out(Judging(source), lambda *callbacks: _judge(source, *callbacks))
    return DONE if work.state == "done" else FAILED


def _judge(
    source: str, progress: Progress, should_stop: ShouldStop, *, offline: bool = False
) -> tuple[Dataset, Judged]:
    """Judge by a network trained on ImageNet, or by outlines and colours if offline or unavailable."""
    dataset, started = datasets.open(source), time.perf_counter()
    judge = partial(cross_validation.judge, dataset, progress=progress, should_stop=should_stop)
    try:
        judged = (
            judge(handcrafted_features.features, "appearance") if offline else _by_imagenet(judge, progress)
        )
    except NoWeights as missing:
        judged = replace(judge(handcrafted_features.features, "appearance"), instead=missing.reason)
    ranking.save(dataset, judged)
    job.note(len(judged.ids), time.perf_counter() - started)
    return dataset, judged


def _by_imagenet(judge: Callable[..., Judged], progress: Progress) -> Judged:
    progress("starting TensorFlow", 0, 0)
    from core.ml import imagenet_features  # the border: TensorFlow is imported only in core/ml

    return judge(imagenet_features.features, "imagenet")


def _print(dataset: Dataset, judged: Judged, *, as_json: bool) -> None:
    ranked = _named(dataset, judged.ranked())
    suspected = ranked[ranked["suspected"]]
    if as_json:
        facts = {"version": judged.version, "judged_by": judged.by, "instead_because": judged.instead}
        counts = {"accuracy": judged.accuracy, "suspected": len(suspected)}
        print(json.dumps({**facts, **counts, "ranked": ranked.to_dict("records")}))
        return
    for row in suspected.head(SHOWN).itertuples():
        say(f"  {row.file}: labelled {row.label}, looks like {row.suggested} (doubt {row.doubt:.2f})")
    say(
        f"{len(suspected):,} of {len(ranked):,} labels may be wrong. The models agree with "
        f"{percent(judged.accuracy, 0)} of all labels; no model judged images it was trained on. "
        f"{judged.basis}"
    )


def _named(dataset: Dataset, ranked: pd.DataFrame) -> pd.DataFrame:
    names = dataset.index.set_index("id")["name"]
    return ranked.assign(file=ranked["id"].map(names))
