"""Damaged files for tests, by structure: other types, keys gone, numbers blown up, depth, half files."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

DEPTH = 20_000
DEEP = b'{"a":' * DEPTH
_DEEP_VALUE = "a value 20,000 deep"
ABSURD = (
    None, True, -1, 0, 0.5, 10**30, -(10**30), 1e300, float("nan"), float("inf"), "", "0.5", "x" * 100_000,
    "../../x", "a\0b", "\ud800", [], {}, [[1]], {"a": 1}, [None] * 1000, _DEEP_VALUE,
)  # fmt: skip


class Content(bytes):
    """The content of a file, which no report of a failure has to print."""

    def __repr__(self) -> str:
        return f"{len(self)} bytes"


_BROKEN = [
    Content(content)
    for content in (b"", b"\0" * 100, b"\xff\xfe", b"null", b"[]", b"3", b'"x"', b"{", DEEP, b"[" * DEPTH)
]


def damaged(name: str, content: bytes) -> st.SearchStrategy[bytes]:
    """Contents of a file with this name that differ from its true ``content`` in one respect or more."""
    kinds = {
        ".json": _json, ".jsonl": _json_lines, ".npz": _arrays, ".npy": _array, ".parquet": _table,
        ".keras": _model,
    }  # fmt: skip
    by_structure, content = kinds.get(Path(name).suffix), Content(content)
    return st.one_of(*([by_structure(content)] * 3 if by_structure and content else []), _bytes(content))


def _bytes(content: bytes) -> st.SearchStrategy[bytes]:
    """Cut off, with a byte flipped, with a part twice, or something else altogether."""
    places = st.integers(0, max(len(content) - 1, 0))
    return st.one_of(
        st.sampled_from(_BROKEN),
        places.map(lambda place: content[:place]),
        places.map(lambda place: content[:place] + b"\xff" + content[place + 1 :]),
        st.tuples(places, places).map(lambda ends: content[: max(ends)] + content[min(ends) :]),
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in inner for found in ((*path, key), *places(part, (*path, key)))]


@st.composite
def _json(draw: st.DrawFn, content: bytes) -> bytes:
    """One to three values replaced by absurd ones, or dropped."""
    value = json.loads(content)
    for _ in range(draw(st.integers(1, 3))):
        found = places(value)
        if not found:
            break
        path = draw(st.sampled_from(found))
        part = value
        for key in path[:-1]:
            part = part[key]
        if draw(st.integers(0, 4)) == 0:
            del part[path[-1]]
        else:
            part[path[-1]] = copy.deepcopy(draw(st.sampled_from(ABSURD)))  # it may be changed next
    return _as_json(value)


def _as_json(value: Any) -> bytes:
    deep = "[" * DEPTH + "]" * DEPTH
    return json.dumps(value).replace(f'"{_DEEP_VALUE}"', deep).encode("utf-8", "surrogatepass")


@st.composite
def _json_lines(draw: st.DrawFn, content: bytes) -> bytes:
    lines = content.splitlines()
    index = draw(st.integers(0, len(lines) - 1))
    changed = draw(_json(lines[index]))
    times = draw(st.sampled_from([1, 1, 300]))
    return b"\n".join([*lines[:index], *[changed] * times, *lines[index + 1 :]]) + b"\n"


@st.composite
def _arrays(draw: st.DrawFn, content: bytes) -> bytes:
    """An array of another type or shape, full of NaN, blown up, gone or under another name."""
    with np.load(io.BytesIO(content)) as stored:
        arrays = dict(stored)
    name = draw(st.sampled_from(sorted(arrays)))
    change = draw(st.sampled_from(["gone", "renamed", "changed", "changed", "changed"]))
    array = arrays.pop(name)
    if change == "renamed":
        arrays["other"] = array
    elif change == "changed":
        arrays[name] = draw(_changed(array))
    changed = io.BytesIO()
    draw(st.sampled_from([np.savez, np.savez_compressed]))(changed, **arrays)
    return changed.getvalue()


@st.composite
def _array(draw: st.DrawFn, content: bytes) -> bytes:
    changed = io.BytesIO()
    np.save(changed, draw(_changed(np.load(io.BytesIO(content)))))
    return changed.getvalue()


@st.composite
def _changed(draw: st.DrawFn, array: np.ndarray) -> np.ndarray:
    numbers = np.resize(np.arange(array.size), array.shape)
    return draw(
        st.sampled_from(
            [
                array.astype(str), array.astype(object), numbers, -numbers, numbers * 10**15, numbers / 7,
                np.full(array.shape, np.nan), np.full(array.shape, np.inf), np.full(array.shape, 1e300),
                array.ravel(), array[None], array[..., None], array[:0] if array.ndim else array.ravel(),
                array[: len(array) // 2] if array.ndim else np.resize(array, 2), np.repeat(array, 2),
            ]
        )
    )  # fmt: skip


@st.composite
def _table(draw: st.DrawFn, content: bytes) -> bytes:
    """A column of another type, with gaps, blown up, all the same or gone; no rows; rows twice."""
    table = pd.read_parquet(io.BytesIO(content))
    name = draw(st.sampled_from(sorted(table.columns)))
    number = pd.Series(range(len(table)), table.index)
    changes = {
        "text": table[name].astype(str) + "x", "numbers": number, "large": number * 10**15,
        "negative": -number - 1,
        "nan": number / 0, "gaps": table[name].where(number % 3 > 0), "same": table[name].iloc[0],
        "absurd": "../../x\0" * 1000, "flags": number % 2 == 0,
    }  # fmt: skip
    change = draw(st.sampled_from([*changes, "gone", "empty", "twice"]))
    changed = {
        "gone": lambda: table.drop(columns=name),
        "empty": lambda: table.iloc[:0],
        "twice": lambda: pd.concat([table, table]),
    }.get(change, lambda: table.assign(**{name: changes[change]}))()
    changed.attrs = table.attrs
    written = io.BytesIO()
    changed.to_parquet(written, index=False)
    return written.getvalue()


@st.composite
def _model(draw: st.DrawFn, content: bytes) -> bytes:
    """A member of a model file damaged, gone or twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from(sorted(members)))
    if draw(st.integers(0, 5)) == 0:
        del members[name]
    else:
        members[name] = draw(damaged(name, members[name]))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member, value in members.items():
            archive.writestr(member, value)
    return written.getvalue()
