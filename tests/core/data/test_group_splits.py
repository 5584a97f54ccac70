"""Groups of images, such as a patient's, are kept whole by every split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import splits
from core.errors import LabError


def grouped(sizes: list[dict[str, int]], source_split: str = "") -> pd.DataFrame:
    """An image for each of the counts by class that every group has, none a copy of another."""
    rows = [
        (label, group) for group, counts in enumerate(sizes) for label, n in counts.items() for _ in range(n)
    ]
    names = [f"image{number}" for number in range(len(rows))]
    labels, together = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "id": names,
            "content": names,
            "label": labels,
            "group": range(len(rows)),
            "together": together,
            "source_split": source_split,
        }
    )


def shares(rows: pd.DataFrame, split: pd.Series) -> dict[str, dict[str, float]]:
    table = pd.crosstab(rows["label"], split, normalize="index")
    return {
        str(label): {str(name): float(share) for name, share in row.items()}
        for label, row in table.iterrows()
    }


def test_shares_hold_in_each_class_where_groups_are_of_one_class() -> None:
    rows = grouped([{"sick": 6} for _ in range(20)] + [{"healthy": 6} for _ in range(20)])
    split = splits.assign(rows, 0.2, 0.1, seed=0)
    for label in ("sick", "healthy"):
        assert shares(rows, split)[label] == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1})


def test_shares_hold_roughly_where_groups_are_uneven_and_of_several_classes() -> None:
    rng = np.random.default_rng(0)
    rows = grouped([dict(zip("abc", rng.integers(1, 12, 3).tolist(), strict=True)) for _ in range(120)])
    split = splits.assign(rows, 0.2, 0.2, seed=0)
    for of_class in shares(rows, split).values():
        assert of_class == pytest.approx({"train": 0.6, "validation": 0.2, "test": 0.2}, abs=0.03)


def test_a_group_that_is_too_large_for_the_test_split_is_trained_on() -> None:
    rows = grouped([{"a": 100}, *[{"a": 4} for _ in range(10)], *[{"b": 10} for _ in range(14)]])
    split = splits.assign(rows, 0.1, 0.1, seed=0)
    assert set(split[rows["together"] == 0]) == {"train"}


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(
        st.fixed_dictionaries({"a": st.integers(0, 9), "b": st.integers(1, 9)}), min_size=3, max_size=25
    ),
    seed=st.integers(0, 5),
)
def test_groups_are_never_torn_and_no_image_is_lost(sizes: list[dict[str, int]], seed: int) -> None:
    rows = grouped([*sizes, {"a": 1}, {"a": 1}, {"a": 2}])
    split = splits.assign(rows, 0.2, 0.2, seed)
    assert (split.groupby(rows["together"]).nunique() == 1).all()
    assert set(split) == set(splits.SPLITS)
    assert set(rows.loc[split == "train", "label"]) == {"a", "b"}


def test_every_split_has_each_class_where_groups_are_of_one_class() -> None:
    rows = grouped([{"common": 30} for _ in range(30)] + [{"rare": 2} for _ in range(3)])
    split = splits.assign(rows, 0.1, 0.1, seed=0)
    assert set(split[rows["label"] == "rare"]) == set(splits.SPLITS)


def test_only_the_seed_changes_the_split_of_groups() -> None:
    rows = grouped([{"ab"[number % 2]: 5} for number in range(40)])
    one, other = (splits.assign(rows, 0.1, 0.1, seed) for seed in (3, 4))
    shuffled = rows.sample(frac=1, random_state=1)
    assert splits.assign(shuffled, 0.1, 0.1, 3).sort_index().equals(one)
    assert not one.equals(other)


def test_a_class_of_too_few_groups_is_reported_with_numbers() -> None:
    rows = grouped([{"sick": 9}] * 5 + [{"healthy": 40}])
    with pytest.raises(
        LabError, match=r"Class 'healthy' has 40 images .* all from 1 group; .* at least 3 groups"
    ):
        splits.assign(rows, 0.1, 0.1, 0)


def test_a_source_that_tests_on_its_own_images_needs_two_groups_of_a_class() -> None:
    rows = grouped([{"a": 5}, {"a": 5}, {"b": 5}, {"b": 5}, {"a": 3, "b": 3}], "train")
    rows.loc[rows["together"] == 4, "source_split"] = "test"
    split = splits.assign(rows, 0.3, 0.1, 0)
    assert set(split[rows["together"] == 4]) == {"test"}
    assert (split.groupby(rows["together"]).nunique() == 1).all()
    assert set(split) == set(splits.SPLITS)
