"""Simulate how often the verdict on two runs is wrong, and how often it detects a real difference.

``python -m benchmarks.verdict [--quick]``. The baselines are what people do otherwise, with one run of
each: check whether the intervals overlap, or test the two models and apply the result to the settings.
"""

from __future__ import annotations

import sys

import numpy as np

from samples.made_experiments import (
    Lab,
    by_one_run_each,
    by_repeats,
    by_scores_apart,
    gain_for,
    models_called_real,
    several_called_real,
    share_called_real,
)


def main() -> int:
    """Print the tables; fail if a non-existent difference is called real in more than 5% of cases."""
    number = 300 if "--quick" in sys.argv else 2000
    chance = 3 * np.sqrt(0.05 * 0.95 / number)
    worst = max(_print_models(number), _print_several(number // 4), _print_settings(number))
    print(f"\nworst false alarm {worst:.1%}, from {number} experiments a figure (± {chance:.1%})")
    return int(worst > 0.05 + chance)


def _print_models(number: int) -> float:
    print("two trained models, exact McNemar and paired bootstrap, true difference 0 / 5 points")
    print("images  disagreement  false alarms  power  interval holds the truth (0 / 5)")
    alarms = []
    for images in (100, 367, 734, 5000):
        for disagreement in (0.1, 0.2, 0.3):
            alarm, covered = models_called_real(images, 0, disagreement, number)
            power, covered_too = models_called_real(images, 0.05, disagreement, number)
            alarms.append(alarm)
            print(
                f"{images:8}  {disagreement:12.0%}  {alarm:12.1%}  {power:5.0%}  "
                f"{covered:.1%} / {covered_too:.1%}"
            )
    return max(alarms)


def _print_several(number: int) -> float:
    print("\nequal models, each two compared on 734 images: how often any two are called different")
    print("models  corrected (Holm)  not corrected")
    alarms = []
    for models in (3, 6):
        corrected, plain = several_called_real(models, 734, number)
        alarms.append(corrected)
        print(f"{models:6}  {corrected:16.1%}  {plain:13.1%}")
    return max(alarms)


def _print_settings(number: int) -> float:
    print("\ntwo settings, 734 images: how often called real")
    print("true difference  runs of each  ours   one run each, McNemar  one run each, intervals apart")
    alarms = []
    for points in (0, 2, 5):
        lab = Lab(734, gain_for(points / 100), seed=points)
        one = share_called_real(lab, 1, number, by_one_run_each)
        apart = share_called_real(lab, 1, number, by_scores_apart)
        for repeats in (3, 6, 10):
            ours = share_called_real(lab, repeats, number, by_repeats)
            print(f"{points:8} points  {repeats:12}  {ours:5.1%}  {one:21.1%}  {apart:12.1%}")
            alarms += [ours] * (points == 0)
    return max(alarms)


if __name__ == "__main__":
    sys.exit(main())
