"""``python -m core map``: place the images of a data set or a run by similarity."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED
from core.cli.terminal import say
from core.errors import LabError
from core.image_map import making, subject, table, wording
from core.image_map.class_neighbours import Neighbourhoods
from core.image_map.image_map import ImageMap
from core.image_map.job import Mapping
from core.image_map.subject import Subject
from core.processes import background_job, launch
from core.processes.threads import Progress, ShouldStop
from core.words import confidence_interval, count, percent

FORMATS = (".png", ".svg")


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("map", help="place the images of a data set or a run by similarity")
    command.add_argument(
        "source",
        help="garden, digits, tfds:NAME, a folder with one subfolder per class, or run:ID for a run",
    )
    command.add_argument("--figure", metavar="FILE", help="draw the map into this PNG or SVG file")
    shared.add_json(command, "print the images and their positions as JSON")
    command.add_argument("--report-progress", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the map, store it where the app finds it, and print what it shows."""
    if arguments.report_progress:
        return _for_the_app(arguments.source)
    figure = Path(arguments.figure) if arguments.figure else None
    if figure is not None and figure.suffix.lower() not in FORMATS:
        raise LabError(f"{figure.name} is neither a .png nor a .svg file; give the figure such a name.")
    shown = subject.named(arguments.source)
    with tqdm(disable=arguments.json or None, bar_format="{desc} {percentage:3.0f}%|{bar}|") as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.total, bar.n = max(total, 1), done
            bar.set_description_str(step)

        made = making.made(shown, progress=progress)
    images = table.table(shown, made)
    if figure is not None:
        from core.export import map_figure  # imported late: Matplotlib would delay every command

        map_figure.write(figure, map_figure.draw(images, made))
    if arguments.json:
        places = json.loads(images.to_json(orient="records"))  # null where a confidence is not known
        print(json.dumps({"compared_by": made.kind, "of": made.total, "images": places}))
    else:
        _print(shown, made)
    return DONE


def _for_the_app(name: str) -> int:
    launch.lower_priority()

    def do(progress: Progress, should_stop: ShouldStop) -> None:
        making.make(subject.named(name), progress=progress, should_stop=should_stop)

    return DONE if background_job.carry_out(Mapping(name), do).state == "done" else FAILED


def _print(shown: Subject, made: ImageMap) -> None:
    say(wording.coverage(made), wording.BASIS[made.kind], wording.DISTANCES, wording.share_kept(made))
    split = "test" if shown.run is not None else ""
    for found in Neighbourhoods.of(shown, made, split).by_class():
        asked = count(found.images, f"{split} image".strip())
        bounds = confidence_interval(found.same.low, found.same.high, 0)
        say(
            f"  {found.class_name}: of the images most similar to its {asked}, "
            f"{percent(found.same.value, 0)} are of this class ({bounds}); "
            f"by chance {percent(found.chance, 0)}; then {wording.company(found)}"
        )
