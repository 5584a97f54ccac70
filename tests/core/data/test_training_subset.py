"""A part of the training images: as large as asked for, nested, with every class and whole groups."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import training_subset

SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)


def images(groups: list[tuple[str, ...]], column: str = "group") -> pd.DataFrame:
    """Training images in groups, each given by the classes of its images, and two held out."""
    rows = [(number, label) for number, labels in enumerate(groups) for label in labels]
    training = pd.DataFrame(rows, columns=[column, "label"]).assign(split="train")
    held_out = pd.DataFrame({column: [-1, -2], "label": groups[0][0], "split": ["validation", "test"]})
    made = pd.concat([training, held_out], ignore_index=True)
    return made.assign(content=[f"content {number}" for number in made.index], group=made[column])


def training_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["split"] == "train"]


@pytest.mark.parametrize("share", SHARES)
def test_each_class_keeps_its_share_and_what_is_held_out_stays(share: float) -> None:
    rows = images([("roses",)] * 200 + [("tulips",)] * 40)
    taken = training_subset.take(rows, share, seed=0)
    assert training_of(taken)["label"].value_counts().to_dict() == {
        "roses": round(200 * share),
        "tulips": round(40 * share),
    }
    assert taken["split"].tolist()[-2:] == ["validation", "test"]


def test_only_the_seed_changes_what_is_taken() -> None:
    rows = images([("roses",)] * 60)
    one, again, other = (set(training_subset.take(rows, 0.5, seed).index) for seed in (1, 1, 2))
    assert one == again and one != other
    shuffled = training_subset.take(rows.sample(frac=1, random_state=0), 0.5, 1)
    assert set(shuffled.index) == one


GROUPS = st.lists(
    st.lists(st.sampled_from(["roses", "tulips", "daisy"]), min_size=1, max_size=6).map(tuple),
    min_size=1,
    max_size=25,
)


@settings(max_examples=25)
@given(GROUPS, st.integers(0, 5), st.sampled_from(["group", "together"]))
def test_subsets_are_nested_have_whole_groups_and_every_class(
    groups: list[tuple[str, ...]], seed: int, column: str
) -> None:
    rows = images(groups, column)
    taken = [training_subset.take(rows, share, seed) for share in SHARES]
    for smaller, larger in itertools.pairwise(taken):
        assert set(smaller.index) <= set(larger.index)
    whole = training_of(rows)[column].value_counts()
    for one in map(training_of, taken):
        assert set(one["label"]) == set(training_of(rows)["label"])
        counts = one[column].value_counts()
        assert counts.to_dict() == whole[counts.index].to_dict()
