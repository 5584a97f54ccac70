"""Find the files of a data set, whatever its source is."""

from __future__ import annotations

from pathlib import Path

from core.data.collected import listing, log
from core.data.sources import Source, csv_list, folder, uploads
from core.data.sources.scan import Scan
from core.processes.threads import Progress, ShouldStop, never, silent


def scan(
    origin: Source, root: Path, layout: str, progress: Progress = silent, should_stop: ShouldStop = never
) -> Scan:
    """Find the files below ``root`` and their classes; opens no image.

    Raises:
        Undecided: they may be read in several ways, and ``layout`` names none of these.
        LabError: they cannot be read, or hold no classes.
        Stopped: ``should_stop`` said so.
    """
    if origin.listing == uploads.LIST and (origin.folder is None or origin.name.startswith("upload:")):
        return _stored(origin, root, layout, progress, should_stop)
    if origin.listing:
        return csv_list.scan(root / origin.listing, progress, should_stop, layout)
    if origin.make_as is not None:  # the layout is that of what was downloaded, not of the folders made of it
        layout = ""
    return folder.scan(root, progress, should_stop, layout)


def _stored(origin: Source, root: Path, layout: str, progress: Progress, should_stop: ShouldStop) -> Scan:
    """The files of an upload or an archive, those that were collected in the lab, or both."""
    is_collected = origin.folder is not None and log.exists(root)
    if is_collected and not (root / origin.listing).exists():
        return listing.scan(root)
    where = "the upload" if origin.folder else origin.name
    found = uploads.scan(root / origin.listing, progress, should_stop, layout, where)
    return listing.extended(root, found) if is_collected else found
