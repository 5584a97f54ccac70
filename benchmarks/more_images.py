"""Would more images help? Whether the forecast for twice the images holds what its interval promises.

``python -m benchmarks.more_images [--quick] [--parts simulated transfer own]``. Simulated learning curves,
whose true gain is known: power laws with and without a floor, gains that stay the same with each doubling,
none at all, and S-shaped curves, for which the law does not hold. Then tf_flowers, on a pretrained network
and on the own one: from the scores on an eighth, a quarter and a half of the training images, the score on
all of them is forecast and compared with the measured one. ``--quick`` simulates fewer curves and leaves the
own network out. Needs tf_flowers in TFDS_DATA_DIR.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import norm

from core import datasets
from core.config import RunConfig, preset
from core.errors import LabError
from core.more_images import DataCurve, Study, answer
from core.more_images.measuring import Size
from core.notebook import foreground
from core.training import pretrained_weights
from core.words import percent, points

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
SOURCE = "tfds:tf_flowers"
SHARES = (0.25, 0.5, 1.0)
PARTS = ("simulated", "transfer", "own")
PROMISED, MAX_ERROR = 0.93, 0.02
Law = Callable[[float], float]


def main() -> int:
    """Measure and print; return 1 if a promise is not kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--parts", nargs="*", choices=PARTS)
    chosen = parser.parse_args()
    parts = chosen.parts or (PARTS[:2] if chosen.quick else PARTS)
    met = [
        _simulate(held_out, 40 if chosen.quick else 200)
        for held_out in ((100, 400, 800) if "simulated" in parts else ())
    ]
    return int(not all([*met, *_flowers(parts)]))


def _simulate(held_out: int, count: int) -> bool:
    """Print how often the interval held the true gain, and how often something was said, by kind of curve."""
    rng, within_law = np.random.default_rng(held_out), []
    for name in ("power law", "power law, no floor", "same gain each time", "flat", "S-shaped"):
        held, told = [], []
        for _ in range(count):
            law = _law(name, rng)
            found = answer(_curve(law, held_out, rng))
            assert found.low is not None and found.high is not None
            held.append(found.low - 1e-9 <= law(1) - law(2) <= found.high)
            told.append(found.kind in ("helps", "does not help"))
        within_law += held if name != "S-shaped" else []
        of_told = np.mean(np.array(held)[told]) if any(told) else np.nan
        print(
            f"{held_out} held-out images, {name}: interval holds the true gain in {np.mean(held):.0%} of "
            f"{count}; an answer in {np.mean(told):.0%}, of these right in {of_told:.0%}",
            flush=True,
        )
    share = float(np.mean(within_law))
    return _verdict(f"{held_out} held-out images: {share:.1%} where the law holds", share >= PROMISED)


def _law(name: str, rng: np.random.Generator) -> Law:
    """Return the share of wrong predictions by share of the training images."""
    now, exponent, floor = rng.uniform(0.03, 0.45), rng.uniform(0.07, 0.9), rng.uniform(0, 0.9)
    bend = 0.4 + floor / 2
    laws: dict[str, Law] = {
        "power law": lambda share: now * (floor + (1 - floor) * share**-exponent),
        "power law, no floor": lambda share: min(now * share ** -(exponent / 2), 0.95),
        "same gain each time": lambda share: min(now * (1 - 0.2 * floor * np.log2(share)), 0.95),
        "flat": lambda share: now,
        "S-shaped": lambda share: 0.05 + 0.75 / (1 + np.exp(bend * (np.log2(share) + 2 * exponent))),
    }
    return laws[name]


def _curve(law: Law, held_out: int, rng: np.random.Generator, seeds: int = 3) -> DataCurve:
    """Runs whose errors share the difficulty of the held-out images and differ by seed."""
    difficulty, sizes = rng.normal(size=held_out), []
    for share in SHARES:
        errors = np.clip(law(share) + rng.normal(0, 0.01 * share**-0.5, seeds), 0.001, 0.99)
        seen = 0.87 * difficulty + 0.5 * rng.normal(size=(seeds, held_out))
        sizes.append(Size(share, round(2000 * share), seen >= norm.ppf(errors)[:, None]))
    return DataCurve(tuple(sizes), tuple(map(str, range(held_out))))


def _flowers(parts: Sequence[str]) -> Iterator[bool]:
    """Forecast the score on all training images from those on an eighth, a quarter and a half."""
    os.environ.setdefault("TFDS_DATA_DIR", str(DATA / "tfds"))
    os.environ.setdefault("LAB_WEIGHTS", str(DATA / "weights"))
    base = RunConfig().replace({"data.source": SOURCE})
    own = {"data.image_size": 64, "fit.epochs": 8, "model.dropout": 0.2}
    configs = {"transfer": preset("transfer", base), "own": base.replace(own)}
    asked = {name: config for name, config in configs.items() if name in parts and _has_weights(config)}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        try:
            datasets.prepare(SOURCE)
        except LabError as error:
            print(f"skipped: {error}")
            return
        for name, config in asked.items():
            yield _forecast(name, Study(config, (0.125, *SHARES)))


def _has_weights(config: RunConfig) -> bool:
    return config.backbone is None or pretrained_weights.find(config.backbone) is not None


def _forecast(name: str, study: Study) -> bool:
    found = foreground.measure_more_images(study, quiet=True)
    curve, known = found.curve, found.curve.up_to(0.5)
    print(f"{name}: {found}")
    assert known.fit is not None
    gain, before, after = known.fit.gain(2), known.sizes[-1].accuracy, curve.sizes[-1].accuracy
    low, value, high = (before + float(part[0]) for part in (gain.low, gain.value, gain.high))
    print(
        f"{name}: forecast from up to {known.sizes[-1].images:,} images: {percent(value)} (95% CI: "
        f"{percent(low)} to {percent(high)}); measured with {curve.sizes[-1].images:,}: {percent(after)}"
    )
    error = value - after
    return _verdict(f"{name}: forecast off by {points(error, signed=True)}", abs(error) <= MAX_ERROR)


def _verdict(words: str, met: bool) -> bool:
    print(f"{words}: {'as promised' if met else 'BELOW THE PROMISE'}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
