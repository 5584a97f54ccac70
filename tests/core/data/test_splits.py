"""Splitting images: every class in every split, reproducible, copies kept together."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import splits
from core.errors import LabError


def images(counts: dict[str, int], copies: int = 1, source_split: str = "") -> pd.DataFrame:
    """``counts`` images of each class, every one of them ``copies`` times."""
    names = [(label, number) for label, count in counts.items() for number in range(count)]
    return pd.DataFrame(
        {
            "id": [f"{label}{number}-{copy}" for label, number in names for copy in range(copies)],
            "content": [f"{label}{number}" for label, number in names for _ in range(copies)],
            "label": [label for label, _ in names for _ in range(copies)],
            "group": [group for group in range(len(names)) for _ in range(copies)],
            "source_split": source_split,
        }
    )


def counted(rows: pd.DataFrame, split: pd.Series) -> dict[str, dict[str, int]]:
    table = pd.crosstab(rows["label"], split)
    return {str(label): {str(k): int(v) for k, v in row.items()} for label, row in table.iterrows()}


def test_each_class_is_split_separately() -> None:
    rows = images({"roses": 100, "tulips": 50})
    assert counted(rows, splits.assign(rows, 0.2, 0.1, seed=0)) == {
        "roses": {"train": 70, "validation": 20, "test": 10},
        "tulips": {"train": 35, "validation": 10, "test": 5},
    }


def test_only_the_seed_changes_the_split() -> None:
    rows = images({"roses": 40, "tulips": 40})
    one, again, other = (splits.assign(rows, 0.1, 0.1, seed) for seed in (3, 3, 4))
    assert one.equals(again)
    assert not one.equals(other)
    shuffled = rows.sample(frac=1, random_state=1)
    assert splits.assign(shuffled, 0.1, 0.1, 3).sort_index().equals(one)


def test_adding_an_image_moves_hardly_any_others() -> None:
    rows = images({"roses": 101, "tulips": 100})
    before = splits.assign(rows[1:], 0.1, 0.1, 0)
    moved = (splits.assign(rows, 0.1, 0.1, 0)[1:] != before).sum()
    assert moved <= 2


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(3, 40), min_size=2, max_size=5),
    copies=st.integers(1, 4),
    shares=st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4)),
    seed=st.integers(0, 5),
)
def test_copies_stay_together_and_every_split_has_every_class(
    counts: list[int], copies: int, shares: tuple[float, float], seed: int
) -> None:
    rows = images({f"class {n}": count for n, count in enumerate(counts)}, copies)
    split = splits.assign(rows, *shares, seed)
    assert (split.groupby(rows["content"]).nunique() == 1).all()
    present = set(zip(rows["label"], split, strict=True))
    assert present == set(itertools.product(set(rows["label"]), splits.SPLITS))


def test_one_large_group_does_not_swallow_a_small_split() -> None:
    rows = images({"roses": 30, "tulips": 30})
    rows.loc[rows["label"] == "roses", "group"] = [0] * 20 + list(range(100, 110))
    split = splits.assign(rows, 0.1, 0.1, 0)
    assert split[rows["group"] == 0].nunique() == 1
    assert counted(rows, split)["roses"] == {"train": 24, "validation": 3, "test": 3}


def test_copies_with_different_labels_stay_together() -> None:
    rows = images({"roses": 30, "tulips": 30})
    rows.loc[[0, 30], ["group", "content"]] = [0, "the same"]
    split = splits.assign(rows, 0.3, 0.3, 0)
    assert split[0] == split[30]


def test_a_sources_own_splits_are_kept() -> None:
    rows = images({"roses": 30, "tulips": 30})
    rows["source_split"] = (["train"] * 20 + ["validation"] * 4 + ["test"] * 6) * 2
    assert splits.assign(rows, 0.4, 0.4, 0).equals(rows["source_split"].rename())


def test_a_split_the_source_lacks_is_taken_from_its_training_images() -> None:
    rows = images({"roses": 30, "tulips": 30})
    rows["source_split"] = (["train"] * 20 + ["test"] * 10) * 2
    split = splits.assign(rows, 0.2, 0.4, 0)
    assert (split[rows["source_split"] == "test"] == "test").all()
    assert counted(rows, split)["roses"] == {"train": 16, "validation": 4, "test": 10}


def test_images_without_a_split_are_for_training_where_the_source_gives_the_others() -> None:
    rows = images({"roses": 30, "tulips": 30})
    rows["source_split"] = ([""] * 20 + ["validation"] * 4 + ["test"] * 6) * 2
    split = splits.assign(rows, 0.4, 0.4, 0)
    assert split.equals(rows["source_split"].replace("", "train").rename())


@pytest.mark.parametrize("others", [["test"] * 6, ["test"] * 3 + ["validation"] * 3])
def test_an_image_without_a_split_whose_copy_the_source_tests_on_is_left_out(others: list[str]) -> None:
    rows = images({"roses": 30})
    rows["source_split"] = [""] * 24 + others
    rows.loc[[0, 29], ["group", "content"]] = [0, "the same"]
    split = splits.assign(rows, 0.1, 0.1, 0)
    assert (split[0], split[29]) == ("", others[-1]) and (split[1:24] != "").all()


def test_a_training_image_whose_copy_the_source_tests_on_is_left_out() -> None:
    rows = images({"roses": 12}, copies=2)
    rows["source_split"] = ["train", "test"] * 2 + ["train", "validation"] + ["train"] * 18
    split = splits.assign(rows, 0.1, 0.1, 0)
    assert split[:6].tolist() == ["", "test", "", "test", "", "validation"]


@pytest.mark.fault("F14")
def test_too_few_images_are_reported_with_numbers() -> None:
    with pytest.raises(LabError, match=r"Class 'tulips' has 2 images .*at least 3 are needed to split"):
        splits.assign(images({"roses": 9, "tulips": 2}), 0.1, 0.1, 0)
    with pytest.raises(LabError, match=r"has 2 images .*\(and 1 other class\)"):
        splits.assign(images({"roses": 9, "tulips": 1, "daisies": 2}), 0.1, 0.1, 0)


@pytest.mark.fault("F14")
def test_copies_do_not_count_as_different_images() -> None:
    with pytest.raises(LabError, match="has 8 images after exclusions, of which only 2 are different"):
        splits.assign(images({"roses": 2, "tulips": 2}, copies=4), 0.1, 0.1, 0)


@pytest.mark.fault("F14")
def test_three_images_a_class_are_one_for_each_split() -> None:
    rows = images({"roses": 3, "tulips": 3})
    assert counted(rows, splits.assign(rows, 0.05, 0.05, 0))["roses"] == dict.fromkeys(splits.SPLITS, 1)


@pytest.mark.fault("F14")
def test_a_thousand_classes_and_a_99_to_1_imbalance_are_split() -> None:
    rows = images({f"{n:04}": 3 for n in range(1000)})
    assert (splits.assign(rows, 0.1, 0.1, 0).value_counts() == 1000).all()
    rows = images({"common": 990, "rare": 10})
    assert counted(rows, splits.assign(rows, 0.1, 0.1, 0))["rare"] == {
        "train": 8,
        "validation": 1,
        "test": 1,
    }


@given(total=st.integers(3, 500), shares=st.tuples(st.floats(0.01, 0.45), st.floats(0.01, 0.45)))
def test_largest_remainder_sums_to_the_total_with_at_least_one_each(
    total: int, shares: tuple[float, float]
) -> None:
    counts = splits.largest_remainder(total, [*shares, 1 - sum(shares)])
    assert sum(counts) == total
    assert min(counts) >= 1


def test_largest_remainder_rejects_an_impossible_total() -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        splits.largest_remainder(2, [0.1, 0.1, 0.8])
