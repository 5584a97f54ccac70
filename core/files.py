"""Write files atomically, so that no reader, crash or full disk leaves half a file; read them validated."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, overload

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import LabError, in_one_line
from core.words import byte_size

T = TypeVar("T")
D = TypeVar("D")
Result = TypeVar("Result")

Count = Annotated[int, Field(ge=0, lt=2**53)]
"""A whole number that every JSON parser represents exactly."""
Moment = Annotated[float, Field(ge=0, lt=2**33, allow_inf_nan=False)]
"""Seconds since 1970, up to the year 2242, so that every platform can show it as a date; 0 means never."""

MAX_BYTES = 64 * 2**20
"""A larger JSON file is damaged: a report on hundreds of classes has less than a hundredth of it."""
ABANDONED_SECONDS = 300.0
"""A temporary file or folder that nothing has written to for this long was left by a killed process: one that
converts a large model writes nothing for minutes."""

_TEMPORARY = re.compile(r"\.new-.+|\..+\.[0-9a-f]{8}(\.\w+)*")
_WAITS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5)
"""Seconds between attempts, see :func:`patiently`."""
_BLOCK = 4096
"""Bytes that a file has on the disk at least, even if its content is shorter."""
_REQUIRED: Final = object()
_MAX_LOCATION = 80
_contents: dict[str, tuple[tuple[int, int], Any]] = {}
_adapters: dict[Any, TypeAdapter[Any]] = {}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it is renamed to ``path`` only if the block succeeds.

    The temporary name keeps the suffix because Keras and NumPy choose the format by it.

    Raises:
        LabError: the disk is full or the folder is not writable; names the path and the free space.
    """
    beside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            patiently(lambda: os.replace(beside, path))
    finally:
        with suppress(OSError):  # already renamed, never created, or its parent is not a folder
            beside.unlink()


def patiently(work: Callable[[], Result]) -> Result:
    """Call ``work``, retrying for about two seconds while the system denies permission.

    Windows and some network folders refuse to replace, remove or open a file that another process has open.
    Readers in the lab keep files open only briefly, so waiting is enough.

    Raises:
        PermissionError: permission was still denied after the last attempt.
    """
    for seconds in _WAITS:
        with suppress(PermissionError):
            return work()
        time.sleep(seconds)
    return work()


def remove(path: Path) -> bool:
    """Remove a file if it exists; return whether it is gone.

    A file that is still in use, such as a memory-mapped file on Windows, is left for the next call.
    """
    try:
        patiently(lambda: path.unlink(missing_ok=True))
    except PermissionError:
        return False
    return True


def move_over(folder: Path, target: Path) -> None:
    """Move a folder to where an earlier copy of it may lie, which then is removed.

    The earlier copy stays if the folder cannot be moved, as when another process has just done so.

    Raises:
        OSError: it cannot be moved.
    """
    new, old = (target.with_name(f".new-{uuid.uuid4().hex[:8]}") for _ in range(2))
    patiently(lambda: shutil.move(folder, new))
    with suppress(FileNotFoundError):
        patiently(lambda: os.replace(target, old))
    patiently(lambda: os.replace(new, target))
    shutil.rmtree(old, ignore_errors=True)


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """The paths, what was written last first; what another process has deleted meanwhile is left out."""
    written: list[tuple[int, Path]] = []
    for path in paths:
        with suppress(OSError):
            written.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(written, key=lambda one: -one[0])]


def sweep(folder: Path, seconds: float = ABANDONED_SECONDS) -> None:
    """Remove the temporary files and folders that killed processes have left in ``folder``; never fails.

    Args:
        folder: only its own entries are looked at; it need not exist.
        seconds: what was written to within this time may belong to a process at work, and stays.
    """
    with suppress(OSError):
        for path in [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]:
            if time.time() - _last_written(path) < seconds:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                remove(path)


def _last_written(path: Path) -> float:
    return max(inner.lstat().st_mtime for inner in (path, *path.rglob("*")))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` while writing to ``path`` into a message the user can act on."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"could not write {path}: {error.strerror or error} ({_free_space(path)} free on that disk). "
            "Free up space or grant write permission, or set LAB_WORKSPACE to another folder."
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON to ``path``, atomically."""
    content = _json(value)
    with replacing(path) as beside:
        beside.write_bytes(content)


def overwrite_json(path: Path, value: Any) -> None:
    """Write ``value`` over the JSON file at ``path``, in the space that it has: a full disk has no other.

    Not atomic, so only for a small file that :func:`write_json` could not replace.

    Raises:
        LabError: there is no such file, or the content needs more space.
    """
    content = _json(value)
    with explained(path), path.open("r+b") as file:
        if len(content) > max(os.fstat(file.fileno()).st_size, _BLOCK):
            raise OSError("its new content needs more space")
        file.write(content)
        file.truncate()


def _json(value: Any) -> bytes:
    """JSON in UTF-8; half characters, as from a name that is not UTF-8, become question marks."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")


def read_lines(path: Path, model: type[T] | TypeAdapter[T]) -> list[T]:
    """Every valid line of a JSON Lines file, cached as in :func:`read_model`; none if it cannot be read.

    Invalid lines are skipped: a crash may leave one incomplete line while all others are intact.
    """
    try:
        return list(_read(path, partial(_good_lines, _adapter(model)), missing=()))
    except LabError:
        return []


@overload
def read_model(path: Path, model: type[T] | TypeAdapter[T], *, keep: bool = True) -> T: ...


@overload
def read_model(path: Path, model: type[T] | TypeAdapter[T], *, missing: D, keep: bool = True) -> T | D: ...


def read_model(
    path: Path, model: type[T] | TypeAdapter[T], *, missing: Any = _REQUIRED, keep: bool = True
) -> Any:
    """Return a JSON file as a validated ``model``; the file is reread only if it has changed.

    Validation is strict: no numbers in quotes, and null only where the model allows it. Unknown keys are
    ignored; missing keys get the model's defaults.

    Args:
        path: the file.
        model: a dataclass, a pydantic model or any type that pydantic can validate.
        missing: the value to return if the file does not exist.
        keep: cache the content in memory; not worthwhile for a file that is read once.

    Raises:
        LabError: the file is damaged, or it does not exist and ``missing`` is not given; names the file.
    """
    check = partial(_adapter(model).validate_json, strict=True)
    return _read(path, check, missing, _cached if keep else _fresh)


def _cached(path: Path, parse: Callable[[bytes], Any]) -> Any:
    name, now = str(path), signature(path)
    cached = _contents.get(name)
    if cached is None or cached[0] != now:
        cached = _contents[name] = now, _fresh(path, parse)
    return cached[1]


def signature(path: Path) -> tuple[int, int]:
    """Return values that change when a file does. Raises OSError if there is no such file."""
    info = path.stat()
    return info.st_mtime_ns, info.st_size


def _fresh(path: Path, parse: Callable[[bytes], Any]) -> Any:
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):
        raise ValueError("it is not a file.")
    if info.st_size > MAX_BYTES:
        raise ValueError(f"it has {byte_size(info.st_size)}; at most {byte_size(MAX_BYTES)} are read.")
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
    except Exception as error:  # a validator may meet anything, and every type fails in its own way
        raise LabError(f"{path.name} in {path.parent} is damaged: {in_one_line(error)}") from None


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
    """The first validation error and its location: ``test_accuracy.value should be a valid number.``"""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])[:_MAX_LOCATION] or "its content"
    reason = first["msg"].removeprefix("Value error, ").removesuffix(".")
    if reason.startswith("Input should"):
        return f"{where}{reason.removeprefix('Input')}."
    return f"{reason}." if where == "its content" else f"{where}: {reason}."


def free_bytes(path: Path) -> int:
    """Bytes that are free on the disk of ``path``, which need not exist."""
    for folder in (path, *path.parents):
        with suppress(OSError):  # there is no such folder, or it may not be looked into
            return shutil.disk_usage(folder).free
    return shutil.disk_usage(Path()).free


def _free_space(path: Path) -> str:
    return byte_size(free_bytes(path))
