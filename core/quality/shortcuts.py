"""Does something that has nothing to do with the subject give the class away?"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.config import SETTINGS
from core.data import splits
from core.evaluation import metrics
from core.quality.findings import Finding, Severity
from core.words import confidence_interval, percent

MAX_IMAGES = 5_000
"""More would not change the answer, only its cost."""
FOLDS = 5
NOTE, WARNING = 0.15, 0.4
"""Parts of the way from always guessing the largest class to always being right."""

_SHORTCUTS = {
    "brightness": ("brightness and contrast", "Take images of all classes in the same light"),
    "size": ("the size of the image", "Take the images of all classes from the same sources"),
    "file": ("the kind of file", "Save the images of all classes in the same way"),
}

_FIT = (
    f" The ratio of width to height is enough for that, and {SETTINGS['data.resize'].label} decides whether "
    "a model sees it. Choose pad (data.resize=pad) if proportions belong to the subject: stretch distorts "
    "them. Otherwise keep stretch or crop."
)


def checks(rows: pd.DataFrame) -> list[Finding]:
    """A finding for each shortcut: a small tree is cross-validated on nothing but those facts."""
    chosen = _sample(rows)
    return [_finding(name, chosen) for name in _SHORTCUTS]


def _sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Some of the images, one of each group, of classes that every fold can have a part of."""
    different = rows.drop_duplicates("group").set_index("id")
    taken = different.loc[splits.order(different.index, seed=0)[:MAX_IMAGES]]
    return taken[taken.groupby("label")["file"].transform("size") >= 2 * FOLDS]


def _facts(name: str, rows: pd.DataFrame) -> NDArray[np.float64]:
    if name == "brightness":
        return rows[["brightness", "contrast"]].to_numpy(np.float64)
    if name == "size":
        return np.column_stack([rows[["width", "height"]].to_numpy(np.float64), _shapes(rows)])
    kinds = rows["file"].map(lambda file: PurePosixPath(file).suffix.lower()) + " " + rows["mode"]
    return pd.get_dummies(kinds).to_numpy(np.float64)


def _finding(name: str, rows: pd.DataFrame) -> Finding:
    fact, advice = _SHORTCUTS[name]
    title = f"Shortcut: {fact}"
    if rows["label"].nunique() < 2:
        verdict = f"Too few images to tell; each class needs at least {2 * FOLDS} different ones."
        return Finding(f"shortcut_{name}", title, verdict, "good")
    guessed = float(rows["label"].value_counts(normalize=True).iloc[0])
    reached = _accuracy(_facts(name, rows), rows)
    measured = metrics.proportion(round(reached * len(rows)), len(rows))
    low, high = measured.low or 0.0, measured.high or 0.0
    way = _way(reached, guessed)
    numbers = {
        "accuracy": round(reached, 3),
        "majority": round(guessed, 3),
        "low": round(low, 3),
        "high": round(high, 3),
    }
    says = (
        f"From {fact} alone a small model names the class of {percent(reached, 0)} of the "
        f"images ({confidence_interval(low, high, 0)}); "
        f"always naming the largest class is right for {percent(guessed, 0)}."
    )
    if way < NOTE or low <= guessed:
        return Finding(f"shortcut_{name}", title, f"{says} No shortcut.", "good", numbers)
    verdict = (
        f"{says} A model may learn this instead of the subject. {advice}, or look at heatmaps with care."
    )
    severity: Severity = "warning" if way >= WARNING else "note"
    if name == "size" and _way(_accuracy(_shapes(rows), rows), guessed) >= NOTE:
        pad = {"data.resize": "pad"}
        return Finding(f"shortcut_{name}", title, f"{verdict}{_FIT}", severity, numbers, settings=pad)
    return Finding(f"shortcut_{name}", title, verdict, severity, numbers)


def _way(reached: float, guessed: float) -> float:
    """The part of the way from always guessing the largest class to always being right."""
    return (reached - guessed) / max(1 - guessed, 1e-9)


def _shapes(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Width by height (N, 1): all that the size still says once an image was scaled."""
    return (rows["width"] / rows["height"]).to_numpy(np.float64)[:, None]


def _accuracy(facts: NDArray[np.float64], rows: pd.DataFrame) -> float:
    """Cross-validated accuracy of a small decision tree."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    labels = rows["label"].to_numpy()
    if (facts == facts[0]).all():
        return float(rows["label"].value_counts(normalize=True).iloc[0])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0)
    guesses = cross_val_predict(tree, facts, labels, cv=folds)
    return float((guesses == labels).mean())
