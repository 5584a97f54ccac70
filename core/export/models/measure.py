"""Have an exported model answer, knowing nothing but its package.

``python -I measure.py PACKAGE WORK`` imports the package's ``predict.py`` and nothing of the lab. WORK has
``files.json``, a list of image files, and ``pixels.npy``, (N, S, S, 3) uint8, what the lab reads from them.
It gets ``answers.npz``:

=============  =================================================================================
from_files     (N, C) float32 probabilities, of images that predict.py has read; NaN if it could not
from_pixels    (N, C) float32, of the lab's pixels
misread        (N,) bool: whether predict.py reads other pixels from the file
seconds        (N,) of the model alone, one image at a time, on one thread
=============  =================================================================================
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

WARM_UPS = 20
_REPORT_EVERY = 10


def main(package: str, work: str) -> int:
    """Answer all images; errors go to standard output, as JSON."""
    sys.path.insert(0, package)
    classifier = importlib.import_module("predict").Classifier(package, threads=1)
    paths = json.loads(Path(work, "files.json").read_text(encoding="utf-8"))
    pixels = np.load(Path(work, "pixels.npy"))
    for _ in range(WARM_UPS):
        classifier.probabilities(pixels[0])
    answers = []
    for number, path in enumerate(paths):
        if number % _REPORT_EVERY == 0:
            print(
                json.dumps({"step": "asking the exported model", "done": number, "total": len(paths)}),
                flush=True,
            )
        answers.append(_answer(classifier, path, pixels[number]))
    from_files, from_pixels, misread, seconds = map(np.array, zip(*answers, strict=True))
    known = [name for name in sys.modules if name.partition(".")[0] == "core"]
    if known:
        print(json.dumps({"error": f"The proof has to know nothing of the lab, but it imported {known[0]}."}))
        return 1
    np.savez(
        Path(work, "answers.npz"),
        from_files=from_files, from_pixels=from_pixels, misread=misread, seconds=seconds,
    )  # fmt: skip
    return 0


def _answer(classifier: Any, path: str, pixels: Any) -> tuple[Any, Any, bool, float]:
    started = time.perf_counter()
    from_pixels = classifier.probabilities(pixels)
    seconds = time.perf_counter() - started
    try:
        read = classifier.read(path)
    except Exception as error:  # as in predict.py: whatever it is, the file has no answer
        print(f"{path}: {error}", file=sys.stderr)
        return np.full_like(from_pixels, np.nan), from_pixels, True, seconds
    if read.shape == pixels.shape and np.array_equal(read, pixels):
        return from_pixels, from_pixels, False, seconds
    return classifier.probabilities(read), from_pixels, True, seconds


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
