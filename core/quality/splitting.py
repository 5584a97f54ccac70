"""Does the split make sense: its origin, its sizes, its classes, and whether groups of images are torn?"""

from __future__ import annotations

import pandas as pd

from core.config import SETTINGS, DataConfig
from core.data import grouping
from core.data.dataset import Dataset
from core.data.grouping import Groups
from core.data.sources.class_names import natural
from core.data.splits import SPLITS
from core.datasets import Selection, select
from core.errors import LabError
from core.evaluation import metrics
from core.quality.findings import Finding, Severity, classes
from core.words import SPLIT_NAMES, and_others, count, interval, listed, setting_value

VAGUE, SAYS_NOTHING = 0.9, 0.8
"""Lower ends of the 95% interval of a perfect test score: that of 34 images is below the first, of 15 below
the second."""
FEW_GROUPS = 10
MAX_SHOWN = 100
"""Groups whose images are listed."""

ANEW = {"data.split": "anew"}
TORN = {"data.group_by": "none"}
_SEVERITIES: tuple[Severity, ...] = ("good", "note", "warning")
_SOURCES = {"list": "the list", "name": "the file names", "folder": "the folders", "none": ""}


def checks(dataset: Dataset, config: DataConfig, chosen: Selection) -> list[Finding]:
    """What can make the scores of a split mislead.

    Args:
        dataset: the data set that is split.
        config: how it is split.
        chosen: the split.
    """
    given = chosen.given_splits(dataset)
    return [
        *([_own_split(given, config)] if given else []),
        _sizes(chosen, ANEW if given and config.split == "source" else {}),
        _every_class(chosen),
        _together(dataset, config, chosen, ANEW if given and config.split == "source" else {}),
    ]


def without_groups(dataset: Dataset, config: DataConfig) -> dict[str, str]:
    """The setting that makes a split possible where only groups stand in its way; none where more does."""
    if grouping.groups(dataset, config.group_by) is None:
        return {}
    try:
        select(dataset, config.model_copy(update={"group_by": "none"}))
    except LabError:
        return {}
    return TORN


def _own_split(given: dict[str, int], config: DataConfig) -> Finding:
    """What becomes of the split that the data set comes with, and of the shares that it overrides."""
    title, numbers = "The data set's own split", {"images": given, "used": config.split == "source"}
    has = listed([f"{number:,} {SPLIT_NAMES[split]}" for split, number in given.items()])
    if config.split == "anew":
        verdict = f"Its own split ({has} images) is not used: the images are split anew."
        return Finding("own_split", title, verdict, "good", numbers)
    shares = [SETTINGS[f"data.{split}_share"].label for split in ("validation", "test") if split in given]
    if not shares:
        return Finding("own_split", title, f"Its own split is used: {has} images.", "good", numbers)
    verdict = (
        f"Its own split is used: {has} images. So {classes(shares)} "
        f"{'has' if len(shares) == 1 else 'have'} no effect. To split by shares, {_change(ANEW)}."
    )
    return Finding("own_split", title, verdict, "note", numbers)


def _sizes(chosen: Selection, remedy: dict[str, str]) -> Finding:
    counted = chosen.rows["split"].value_counts()
    sizes, groups = {split: int(counted[split]) for split in SPLITS}, chosen.group_counts()
    too_few: Severity = "warning" if _perfect(sizes["test"]) < SAYS_NOTHING else "note"
    problems: dict[str, Severity] = {
        _too_little_to_train(sizes, remedy): "warning",
        _too_few_to_test(sizes["test"], remedy): too_few,
        _too_few_groups(sizes["test"], groups.get("test")): "note",
    }
    problems = {sentence: severity for sentence, severity in problems.items() if sentence}
    fine = (
        f"{sizes['train']:,} training, {sizes['validation']:,} validation and {sizes['test']:,} test images."
    )
    return Finding(
        "split_sizes",
        "Sizes of the splits",
        " ".join(problems) or fine,
        max(problems.values(), key=_SEVERITIES.index, default="good"),
        {"images": sizes, "groups": groups, "perfect_score_from": round(_perfect(sizes["test"]), 4)},
        settings=remedy if sizes["train"] < max(sizes["validation"], sizes["test"]) else {},
    )


def _perfect(images: int) -> float:
    """Lower end of the 95% interval if every one of the test images were classified correctly."""
    return metrics.proportion(images, images).low or 0.0


def _too_little_to_train(sizes: dict[str, int], remedy: dict[str, str]) -> str:
    larger = max(("validation", "test"), key=lambda split: sizes[split])
    if sizes["train"] >= sizes[larger]:
        return ""
    return (
        f"The training split ({count(sizes['train'], 'image')}) is smaller than the {larger} split "
        f"({sizes[larger]:,})." + (f" To split them by shares, {_change(remedy)}." if remedy else "")
    )


def _too_few_to_test(images: int, remedy: dict[str, str]) -> str:
    if _perfect(images) >= VAGUE:
        return ""
    return (
        f"With {count(images, 'test image')}, even a perfect score means only an accuracy of "
        f"{interval(_perfect(images), 1, 0)} (95% CI). Add images, or "
        f"{_change(remedy) if remedy else 'test on a larger share'}."
    )


def _too_few_groups(images: int, groups: int | None) -> str:
    if groups is None or groups >= FEW_GROUPS:
        return ""
    return (
        f"The {count(images, 'test image')} come from only {count(groups, 'group')}, so the score depends on "
        "which these are."
    )


def _every_class(chosen: Selection) -> Finding:
    """Classes that a split lacks: nothing is known of how well they are recognised."""
    counts = chosen.counts()
    missing = {
        split: [name for name, images in counts[split].items() if not images]
        for split in ("validation", "test")
    }
    title = "Every class in every split"
    lacking = {split: names for split, names in missing.items() if names}
    if not lacking:
        return Finding("split_classes", title, "Each split has images of every class.", "good")
    verdict = " ".join(
        f"The {split} split has no image of {classes(names)}{_UNKNOWN[split]}"
        for split, names in lacking.items()
    )
    return Finding("split_classes", title, verdict, "warning", {"missing": lacking})


_UNKNOWN = {
    "validation": ": the best epoch is chosen without them.",
    "test": ", so how well they are recognised stays unknown.",
}


def _together(dataset: Dataset, config: DataConfig, chosen: Selection, remedy: dict[str, str]) -> Finding:
    """Whether images that belong together are in one split."""
    title = "Images that belong together"
    groups = chosen.groups or grouping.suggested(dataset)
    if groups is None:
        return _no_groups(dataset, config, title)
    several = groups.among(chosen.rows)
    if several.empty:
        verdict = "No two of the images in use belong together."
        return Finding("groups", title, verdict, "good", {"groups": 0})
    torn = several[several.groupby("key")["split"].transform("nunique") > 1]
    number, torn_number = several["key"].nunique(), torn["key"].nunique()
    numbers = {"by": groups.by, "used": chosen.groups is not None, "groups": number, "images": len(several)}
    example = _example(several)
    if not torn_number:
        verdict = f"{_found(groups, several, example)} None of the groups lies in more than one split."
        return Finding("groups", title, verdict, "good", {**numbers, "torn": 0})
    settings = ({} if chosen.groups else {"data.group_by": groups.by}) | _own_is_torn(torn, remedy)
    verdict = (
        f"{_found(groups, several, example)} {count(torn_number, 'group')} "
        f"{'lies' if torn_number == 1 else 'lie'} in more than one split, so the scores would be too "
        f"optimistic. To keep each group in one split, {_change(settings)}."
    )
    shown = _by_group(torn)
    ids = tuple(image_id for group in shown for image_id in group)
    severity: Severity = "note" if config.group_by == "none" else "warning"
    return Finding(
        "groups", title, verdict, severity, {**numbers, "torn": torn_number}, ids, shown, settings=settings
    )


def _own_is_torn(torn: pd.DataFrame, remedy: dict[str, str]) -> dict[str, str]:
    """Splitting anew, where the data set's own split is what puts groups apart."""
    own = torn[torn["source_split"] != ""].groupby("key")["source_split"].nunique()
    return remedy if (own > 1).any() else {}


def _no_groups(dataset: Dataset, config: DataConfig, title: str) -> Finding:
    numbers, group = {"groups": 0}, dataset.usable["source_group"]
    if config.group_by in ("name", "folder"):
        asked = setting_value("data.group_by", config.group_by)
        label = SETTINGS["data.group_by"].label
        verdict = f"'{label}: {asked}' has no effect: no images have it in common."
        return Finding("groups", title, verdict, "note", numbers)
    if config.group_by == "list" and group[group != ""].duplicated().any():
        verdict = (
            f"The list names {count(group[group != ''].nunique(), 'group')}, too few for most classes to be "
            "split by whole groups. So they are not kept together."
        )
        return Finding("groups", title, verdict, "note", numbers)
    verdict = "Neither file names nor folders suggest that some images show the same subject."
    return Finding("groups", title, verdict, "good", numbers)


def _found(groups: Groups, several: pd.DataFrame, example: str) -> str:
    number = count(several["key"].nunique(), "group")
    return (
        f"By {_SOURCES[groups.by]}, {count(len(several), 'image')} form {number} of the same subject, burst, "
        f"video or original, for example {example}."
    )


def _example(several: pd.DataFrame) -> str:
    """Some images of the first group."""
    first = min(several["key"].unique(), key=natural)
    names = several.loc[several["key"] == first, "name"].tolist()
    return f"{listed(names[:2])}{and_others(len(names) - 2, 'image')}"


def _by_group(several: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """The ids of each group, of the first :data:`MAX_SHOWN` groups."""
    return tuple(several.groupby("key", sort=False)["id"].agg(tuple).iloc[:MAX_SHOWN])


def _change(settings: dict[str, str]) -> str:
    """``set 'Keep together' to name (data.group_by=name)``."""
    words = [f"'{SETTINGS[path].label}' to {setting_value(path, value)}" for path, value in settings.items()]
    typed = " ".join(f"{path}={value}" for path, value in settings.items())
    return f"set {listed(words)} ({typed})"
