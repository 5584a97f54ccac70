"""Find the files of a data set, whatever its source is."""

from __future__ import annotations

from pathlib import Path

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
        where = "the upload" if origin.folder else origin.name
        return uploads.scan(root / origin.listing, progress, should_stop, layout, where)
    if origin.listing:
        return csv_list.scan(root / origin.listing, progress, should_stop, layout)
    if origin.make_as is not None:  # the layout is that of what was downloaded, not of the folders made of it
        layout = ""
    return folder.scan(root, progress, should_stop, layout)
