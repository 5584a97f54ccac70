"""Make a map in a background process, which the app follows."""

from __future__ import annotations

import os

from core.processes import background_job
from core.processes.background_job import Work

_SECONDS_TO_START = 9.0
_SECONDS_PER_IMAGE = 0.009
"""Core seconds to compute an image's features and to place it."""


class Mapping(Work):
    """Progress of making a map; its source is the name of a :class:`core.image_map.subject.Subject`."""

    KIND = "maps"
    NAME = "Making the map"


def start(name: str) -> Mapping:
    """Start making the map of a subject, unless that is already under way."""
    return background_job.start(Mapping(name), ["map", name])


def status(name: str) -> Mapping:
    """Return the progress of the map that was started last for a subject."""
    return background_job.status(Mapping(name))


def estimate(images: int) -> float:
    """Return about how many seconds a map of so many images takes: a guess by this machine's cores."""
    return _SECONDS_TO_START + images * _SECONDS_PER_IMAGE / (os.cpu_count() or 1)
