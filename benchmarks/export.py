"""Exported models beside the lab's own, on test photos: every format of an own and a pretrained network.

``python -m benchmarks.export [--quick]``. Each is exported as on the Results page and tried as there: 200
test photos of tf_flowers from their files, in a process that knows nothing of the lab. Per format: the
largest difference of a probability on the same pixels, the share of photos with the lab's answer, accuracy
beside the lab's, the size, and the time per image on one thread. ``--quick`` takes the run that comes with
the lab as the own network. The web page is tried in Chromium; its size is that of the whole file. Needs
tf_flowers and the weights of MobileNetV2 from LAB_TEST_DATA; formats whose packages are not installed are
left out.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import core
from core import datasets, example
from core.errors import LabError
from core.export import exporting
from core.export.exporting import Export
from core.export.formats import FORMATS
from core.export.models import kinds
from core.export.webpage import making
from core.runs import Run
from core.words import byte_size, difference, milliseconds, percent

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
SOURCE = "tfds:tf_flowers"
KINDS = {**kinds.KINDS, making.KIND.name: making.KIND}


def main() -> int:
    """Measure and print; return 1 if a format other than 8 bits fails."""
    os.environ.setdefault("TFDS_DATA_DIR", str(DATA / "tfds"))
    os.environ.setdefault("LAB_WEIGHTS", str(DATA / "weights"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        try:
            datasets.prepare(SOURCE)
            own = _example() if "--quick" in sys.argv else core.train(SOURCE, epochs=8).run
            pretrained = core.train(SOURCE, preset="transfer").run
        except LabError as error:
            print(f"skipped: {error}")
            return 0
        print(f"load {os.getloadavg()[0]:.1f}")
        passed = [_report(title, run) for title, run in (("own network", own), ("MobileNetV2", pretrained))]
    return int(not all(passed))


def _example() -> Run:
    run = example.run()
    datasets.prepare(run.config.data.source)
    return run


def _report(title: str, run: Run) -> bool:
    print(f"\n{title}: {core.load(run.id).test_accuracy}", flush=True)
    passed = []
    for one in FORMATS:
        if one.name not in KINDS or one.missing:
            continue
        started = time.perf_counter()
        try:
            export = exporting.make(run, one.name)
        except LabError as error:
            print(f"  {one.name}: {error}")
            continue
        print(f"  {_line(export)}; {time.perf_counter() - started:.0f} s to make and try", flush=True)
        verdict = export.proof and export.proof.verdict
        passed.append(verdict != "failed" or KINDS[one.name].is_8_bit)
    return all(passed)


def _line(export: Export) -> str:
    proof, name = export.proof, export.format.name
    assert proof is not None
    if proof.agreement is None or proof.accuracy is None or proof.lab_accuracy is None:
        return f"{name}: {proof.sentence}"
    size = export.path.stat().st_size if KINDS[name].reads_by_itself else proof.model_bytes
    return (
        f"{name}: {proof.verdict}, difference {difference(proof.pixel_difference)}, "
        f"{percent(proof.agreement.value)} of {proof.images} agree, accuracy {percent(proof.accuracy.value)} "
        f"(lab {percent(proof.lab_accuracy.value)}), {byte_size(size)}, {milliseconds(proof.milliseconds)}"
    )


if __name__ == "__main__":
    sys.exit(main())
