"""Write files so that a reader, a crash or a full disk never meets half of one; read them checked."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, overload

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import LabError
from core.words import byte_size

T = TypeVar("T")
D = TypeVar("D")
Result = TypeVar("Result")

Count = Annotated[int, Field(ge=0, lt=2**53)]
"""A whole number that every reader of JSON gives back the same."""
Moment = Annotated[float, Field(ge=0, lt=2**33, allow_inf_nan=False)]
"""Seconds since 1970, up to the year 2242, which every machine can show as a date; 0 is never."""

_WAITS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5)
"""Seconds between two tries, see :func:`patiently`."""
_REQUIRED: Final = object()
_MAX_LOCATION = 80
_contents: dict[str, tuple[tuple[int, int], Any]] = {}
_adapters: dict[Any, TypeAdapter[Any]] = {}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the final name only when the block succeeds.

    The temporary name keeps the suffix, since Keras and numpy choose the format by it.

    Raises:
        LabError: the disk is full or the folder cannot be written; names the path and the free space.
    """
    beside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            patiently(lambda: os.replace(beside, path))
    finally:
        with suppress(OSError):  # not there to begin with, or its folder is none
            beside.unlink()


def patiently(work: Callable[[], Result]) -> Result:
    """Do ``work`` with a file, and try again for about two seconds while the system refuses it.

    Windows, and some network folders, refuse to replace, remove or open a file that somebody else has open.
    Readers here hold a file for an instant, so waiting is enough.

    Raises:
        PermissionError: it was refused to the end.
    """
    for seconds in _WAITS:
        with suppress(PermissionError):
            return work()
        time.sleep(seconds)
    return work()


def remove(path: Path) -> bool:
    """Remove a file if it is there; returns whether it is gone.

    One that is still in use, as a mapped file on Windows, is left for the next time.
    """
    try:
        patiently(lambda: path.unlink(missing_ok=True))
    except PermissionError:
        return False
    return True


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` while writing to ``path`` into a sentence a person can act on."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"could not write {path}: {error.strerror or error} ({_free_space(path)} free there). "
            "Make room or give write permission, or set LAB_WORKSPACE to another folder."
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON under ``path``, whole or not at all."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def read_lines(path: Path, model: type[T] | TypeAdapter[T]) -> list[T]:
    """Every line of a JSON Lines file that ``model`` takes, cached as in :func:`read_model`.

    Other lines are left out: a crash may leave half of one, and all others are good.
    """
    return list(_read(path, partial(_good_lines, _adapter(model)), missing=()))


@overload
def read_model(path: Path, model: type[T] | TypeAdapter[T], *, keep: bool = True) -> T: ...


@overload
def read_model(path: Path, model: type[T] | TypeAdapter[T], *, missing: D, keep: bool = True) -> T | D: ...


def read_model(
    path: Path, model: type[T] | TypeAdapter[T], *, missing: Any = _REQUIRED, keep: bool = True
) -> Any:
    """A JSON file as ``model``, checked, and read again only when the file has changed.

    Values have to be of the types that the model names: no number in quotes, no null where none is meant.
    Keys that the model does not know are ignored, those that the file lacks get the model's defaults.

    Args:
        path: the file.
        model: a dataclass, a pydantic model or any type that pydantic can check.
        missing: what to return where there is no such file.
        keep: keep the content in memory; not worth it for a file that is read once.

    Raises:
        LabError: the file is damaged, or there is none and no ``missing``; one sentence with its name.
    """
    check = partial(_adapter(model).validate_json, strict=True)
    return _read(path, check, missing, _cached if keep else _fresh)


def _cached(path: Path, parse: Callable[[bytes], Any]) -> Any:
    name, stat = str(path), path.stat()
    signature = (stat.st_mtime_ns, stat.st_size)
    known = _contents.get(name)
    if known is None or known[0] != signature:
        known = _contents[name] = signature, parse(path.read_bytes())
    return known[1]


def _fresh(path: Path, parse: Callable[[bytes], Any]) -> Any:
    return parse(path.read_bytes())


def _read(path: Path, parse: Callable[[bytes], Any], missing: Any, read: Callable[..., Any] = _cached) -> Any:
    try:
        return read(path, parse)
    except FileNotFoundError:
        if missing is _REQUIRED:
            raise LabError(f"{path.name} is missing from {path.parent}.") from None
        return missing
    except ValidationError as error:
        raise LabError(f"{path.name} in {path.parent} is damaged: {_reason(error)}") from None
    except (ValueError, LabError, OSError) as error:
        raise LabError(f"{path.name} in {path.parent} is damaged: {error}") from None


def _good_lines(adapter: TypeAdapter[T], content: bytes) -> tuple[T, ...]:
    good = []
    for line in content.splitlines():
        with suppress(ValidationError):
            good.append(adapter.validate_json(line, strict=True))
    return tuple(good)


def _adapter(model: type[T] | TypeAdapter[T]) -> TypeAdapter[T]:
    if isinstance(model, TypeAdapter):
        return model
    if model not in _adapters:
        _adapters[model] = TypeAdapter(model)
    return _adapters[model]


def _reason(error: ValidationError) -> str:
    """The first thing that is wrong, and where: ``test_accuracy.value should be a valid number.``"""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])[:_MAX_LOCATION] or "its content"
    reason = first["msg"].removeprefix("Value error, ").removesuffix(".")
    if reason.startswith("Input should"):
        return f"{where}{reason.removeprefix('Input')}."
    return f"{reason}." if where == "its content" else f"{where}: {reason}."


def _free_space(path: Path) -> str:
    folder = next((p for p in path.parents if p.exists()), Path())
    return byte_size(shutil.disk_usage(folder).free)
