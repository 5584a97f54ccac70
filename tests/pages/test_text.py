"""Names from other people's folders are shown literally."""

from __future__ import annotations

import re

import pytest

from pages.common.text import distinct, entry_for_all, literal


@pytest.mark.fault("A9", "F26")
@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/a",
        "HTTP://evil.example",
        "www.evil.example",
        "WWW.evil.example",
        "a@evil.example",
    ],
)
def test_an_address_is_set_apart_in_the_middle_so_that_nothing_makes_it_a_link(name: str) -> None:
    text = literal(name)
    assert re.sub(r":color\[(.*?)\]", r"\1", text).replace("\\", "") == name
    outside = re.split(r":color\[.*?\]", text.replace("\\", ""))
    assert len(outside) == 2
    for part in outside:
        assert not re.search(r"://|www\.|@", part, re.IGNORECASE)


@pytest.mark.fault("A11")
def test_what_cannot_be_seen_is_shown_as_its_code() -> None:
    assert literal("a\x1b\u202eb").replace("\\", "") == "ax1bu202eb"
    assert literal(" a \n b ") == "a b"


def test_of_equal_labels_each_ends_with_the_end_of_its_id() -> None:
    labels = {"upload:cups-a1b2c3": "cups", "upload:cups-d4e5f6": "cups", "garden": "Garden"}
    assert list(distinct(labels).values()) == ["cups · a1b2c3", "cups · d4e5f6", "Garden"]


def test_what_stands_for_all_names_is_none_of_them() -> None:
    assert entry_for_all("All", ["cup"]) == "All"
    assert entry_for_all("All", ["All", "(All)"]) == "((All))"
