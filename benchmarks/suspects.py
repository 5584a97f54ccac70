"""How many wrong labels are found: planted in the garden, and 5 % swapped in tf_flowers.

``python -m benchmarks.suspects [--quick]`` prints recall among the first suspects, twice as many as there
are wrong labels. ``--quick`` leaves the photos out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core import config as settings
from core import datasets
from core.datasets import Dataset
from core.ml import cross_validation

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
SWAPPED = 0.05


def main() -> int:
    """Judge both data sets and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        _report("garden", *_garden())
        if "--quick" not in sys.argv and (DATA / "tfds" / "tf_flowers").is_dir():
            os.environ["TFDS_DATA_DIR"] = str(DATA / "tfds")
            _report("tfds:tf_flowers", *_swapped(datasets.prepare("tfds:tf_flowers")))
    return 0


def _garden() -> tuple[Dataset, set[str]]:
    dataset = datasets.prepare("garden")
    truth = json.loads((dataset.root / "truth.json").read_text())
    wrong = {planted["file"] for planted in truth["wrong_label"]}
    return dataset, set(dataset.usable.loc[dataset.usable["file"].isin(wrong), "id"])


def _swapped(dataset: Dataset) -> tuple[Dataset, set[str]]:
    """The data set with some labels changed to another class, and which."""
    rng = np.random.default_rng(0)
    rows = dataset.usable.reset_index(drop=True)
    places = rng.choice(len(rows), round(SWAPPED * len(rows)), replace=False)
    names = np.array(dataset.class_names, dtype=object)
    codes = pd.Categorical(rows["label"], categories=dataset.class_names).codes[places]
    shifted = (codes + rng.integers(1, len(names), len(places))) % len(names)
    rows.loc[places, "label"] = names[shifted]
    return replace(dataset, usable=rows), set(rows.loc[places, "id"])


def _report(source: str, dataset: Dataset, wrong: set[str]) -> None:
    config = settings.from_assignments(
        [f"data.source={source}", "fit.epochs=10"], settings.preset("tutorial")
    )
    started = time.perf_counter()
    judged = cross_validation.judge(config, dataset)
    ranked = judged.ranked()
    first = set(ranked["id"][: 2 * len(wrong)])
    suspected = set(ranked.loc[ranked["suspected"], "id"])
    print(
        f"{source}: {len(judged.ids):,} pictures judged in {time.perf_counter() - started:.0f} s, "
        f"{judged.accuracy:.0%} agree; of {len(wrong)} wrong labels {len(wrong & first)} "
        f"({len(wrong & first) / len(wrong):.0%}) are among the first {len(first)}, "
        f"{len(wrong & suspected) / len(wrong):.0%} among the {len(suspected)} suspected; "
        f"by chance {len(first) / len(judged.ids):.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
