"""Format numbers, names and settings as text, the same way on every screen, command and report.

A missing value (None or NaN) becomes a dash. Shares are in [0, 1] and differences of shares in [-1, 1];
the resulting percentages and points are 100 times as large.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeGuard

from core import config
from core.config import SETTINGS, RunConfig

DASH = "–"
SPLIT_NAMES = {"train": "training", "validation": "validation", "test": "test"}
"""The splits of a data set, as they are called in sentences."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line breaks, marks that turn the direction of text, and halves of characters."""
_UNSEEN_IN_LINES = re.compile(rf"(?![\n\t]){_UNSEEN.pattern}")
_BYTE_UNITS = ("kB", "MB", "GB", "TB")
_ROUGH_FROM_SECONDS = 90
_SHOWN_ELSEWHERE = ("data.source", "data.version")
_NEGLIGIBLE = 1e-6
_EXACT = 1e-9
"""Anything closer to 0 or 1 is a floating-point error: no share of images comes this close."""


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 image``, ``1,234 images``, ``2 classes``; pass ``plural`` if it is not noun + s or noun + es."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + ('es' if noun.endswith('s') else 's')}"


def and_others(number: int, noun: str) -> str:
    """Suffix saying how many others a sentence also applies to: `` (and 3 other classes)``; empty for 0."""
    return f" (and {count(number, f'other {noun}')})" if number else ""


def listed(names: Sequence[str], limit: int | None = None) -> str:
    """``a``, ``a and b``, ``a, b and c``; with a limit of 2: ``a, b and 3 others``."""
    shown = list(names if limit is None else names[:limit])
    hidden = len(names) - len(shown)
    if hidden:
        shown.append(count(hidden, "other"))
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def percent(share: float | None, decimals: int = 1) -> str:
    """``0.714`` as ``71.4%``; without decimals ``71%``.

    Only exactly 1 is 100% and only exactly 0 is 0%; values that would round to these become ``over 99.9%``
    and ``under 0.1%``.
    """
    if not _is_known(share):
        return DASH
    smallest = 10.0**-decimals
    if _EXACT < share < smallest / 200:
        return f"under {smallest:.{decimals}f}%"
    if 1 - smallest / 200 <= share < 1 - _EXACT:
        return f"over {100 - smallest:.{decimals}f}%"
    return f"{100 * share:.{decimals}f}%"


def short_percent(share: float | None) -> str:
    """A share where there is no room for words: ``71%``, ``>99%``, ``<1%``; see :func:`percent`."""
    return percent(share, 0).replace("over ", ">").replace("under ", "<")


def of_ten(share: float | None) -> str:
    """A share as a count that anyone can picture: ``4 of 10``, ``under 1 of 10``, ``over 9 of 10``."""
    if not _is_known(share):
        return DASH
    tenths = round(10 * share)
    if tenths == 0 and share > _EXACT:
        return "under 1 of 10"
    return "over 9 of 10" if tenths == 10 and share < 1 - _EXACT else f"{tenths} of 10"


def interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """The bounds of a share: ``64.3 to 73.7%``."""
    if not (_is_known(low) and _is_known(high)):
        return DASH
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f}%"


def confidence_interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """``95% CI: 64.3 to 73.7%``."""
    bounds = interval(low, high, decimals)
    return bounds if bounds == DASH else f"95% CI: {bounds}"


def accuracy(value: float | None, low: float | None, high: float | None, correct: int, total: int) -> str:
    """An accuracy with its interval and counts: ``69.8% (95% CI: 66.3 to 73.0%; 512 of 734)``."""
    if not _is_known(value):
        return DASH
    return f"{percent(value)} ({confidence_interval(low, high)}; {correct:,} of {total:,})"


def points(difference: float | None, decimals: int = 1, *, signed: bool = False) -> str:
    """A difference of two shares: ``0.032`` as ``3.2 points``; signed: ``+3.2 points``."""
    if not _is_known(difference):
        return DASH
    text = _signed(difference, decimals) if signed else f"{100 * difference:z.{decimals}f}"
    return f"{text} {'point' if text.lstrip('+-') == '1' else 'points'}"


def points_interval(low: float | None, high: float | None) -> str:
    """The bounds of a difference of two shares: ``-1.2 to +5.4 points``."""
    if not (_is_known(low) and _is_known(high)):
        return DASH
    return f"{_signed(low)} to {_signed(high)} points"


def signed_percent(difference: float | None) -> str:
    """A difference of two shares where there is no room for words: ``+3%``."""
    return f"{_signed(difference, 0)}%" if _is_known(difference) else DASH


def _signed(difference: float, decimals: int = 1) -> str:
    """With a sign, unless it rounds to 0."""
    text = f"{100 * difference:+.{decimals}f}"
    return text if text.strip("+-0.") else text[1:]


def mean_and_deviation(mean: float | None, deviation: float | None, n: int) -> str:
    """Mean and standard deviation of repeated shares: ``71.0 ± 1.6% (SD, n=5)``; of one: ``71.0% (n=1)``."""
    if not _is_known(mean):
        return DASH
    if n < 2 or not _is_known(deviation):
        return f"{100 * mean:.1f}% (n={n})"
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}% (SD, n={n})"


def spread(shares: Sequence[float]) -> str:
    """Mean and standard deviation of the given shares, formatted by :func:`mean_and_deviation`."""
    return mean_and_deviation(*_mean_and_deviation(shares), len(shares))


def spread_of_losses(losses: Sequence[float]) -> str:
    """Mean and standard deviation of losses, which are no shares: ``0.712 ± 0.021 (SD, n=5)``."""
    mean, deviation = _mean_and_deviation(losses)
    if mean is None or deviation is None:
        return DASH if mean is None else f"{mean:.3f} (n={len(losses)})"
    return f"{mean:.3f} ± {deviation:.3f} (SD, n={len(losses)})"


def _mean_and_deviation(values: Sequence[float]) -> tuple[float | None, float | None]:
    mean = statistics.fmean(values) if values else None
    return mean, statistics.stdev(values) if len(values) > 1 else None


def times(factor: float) -> str:
    """A factor in words: ``twice``, ``5 times``; below 10 a half counts: ``1.5 times``."""
    rounded = round(2 * factor) / 2 if factor < 10 else round(factor)
    return "twice" if rounded == 2 else f"{rounded:g} times"


def duration(seconds: float | None) -> str:
    """``4.2 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if not _is_known(seconds):
        return DASH
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        large, small, units = *divmod(whole, 60), ("min", "s")
    else:
        large, small, units = *divmod(round(whole / 60), 60), ("h", "min")
    parts = zip((large, small), units, strict=True)
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def about(seconds: float | None) -> str:
    """An estimated duration: ``about 12 s``; from 90 seconds, whole minutes: ``about 3 min``."""
    if not _is_known(seconds):
        return DASH
    if seconds < _ROUGH_FROM_SECONDS:
        return f"about {duration(max(1, round(seconds)))}".replace(".0 s", " s")
    return f"about {duration(60 * round(seconds / 60))}"


def ago(seconds: float) -> str:
    """How long ago something was, roughly: ``just now``, ``42 s ago``, ``3 min ago``, ``5 days ago``."""
    for unit, size, first in (("day", 86_400, 2), ("h", 3600, 2), ("min", 60, 2), ("s", 1, 5)):
        number = int(seconds // size)
        if number >= first:
            return f"{count(number, unit) if unit == 'day' else f'{number} {unit}'} ago"
    return "just now"


def moment(timestamp: float) -> str:
    """A Unix timestamp as local date and time: ``4 Nov 2026, 09:12``."""
    when = datetime.fromtimestamp(timestamp)
    return f"{when.day} {when:%b %Y, %H:%M}"


def byte_size(size: float | None) -> str:
    """``0 bytes``, ``1.5 kB``, ``12 MB``; 1 kB is 1000 bytes."""
    if not _is_known(size):
        return DASH
    if size < 1000:
        return count(int(size), "byte")
    value, power = size / 1000, 0
    while value >= 999.5 and power < len(_BYTE_UNITS) - 1:
        value, power = value / 1000, power + 1
    unit = _BYTE_UNITS[power]
    return f"{value:.1f} {unit}".replace(".0 ", " ") if value < 9.95 else f"{value:,.0f} {unit}"


def number(value: float | None) -> str:
    """A number in plain decimal notation: ``0.0001``, ``0.00001`` (not ``1e-05``), ``15``, ``0.3``."""
    if not _is_known(value):
        return DASH
    return f"{value:z.10f}".rstrip("0").rstrip(".")


def difference(value: float | None) -> str:
    """A difference of two probabilities, to one digit: ``0.02``, ``0.00003``, ``under 0.000001``."""
    if not _is_known(value):
        return DASH
    if 0 < value < _NEGLIGIBLE:
        return f"under {number(_NEGLIGIBLE)}"
    return number(float(f"{value:.1g}"))


def milliseconds(value: float | None) -> str:
    """``0.35 ms``, ``4.2 ms``, ``120 ms``."""
    if not _is_known(value):
        return DASH
    return f"{number(float(f'{value:.2g}'))} ms"


def typed_value(value: Any) -> str:
    """A setting's value as typed into a field, without its unit: ``on``, ``0.001``, ``16, 32, 64``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return number(value) if isinstance(value, float) else str(value)


def setting_value(path: str, value: Any) -> str:
    """A setting's value for display: ``on``, ``128 px``, ``16, 32, 64``; ``off`` for no dropout."""
    setting = SETTINGS[path]
    if setting.empty and not value:
        return setting.empty
    if setting.option_names:
        return setting.option_name(value)
    space = " " if setting.unit.isalpha() else ""
    return f"{typed_value(value)}{space}{setting.unit}"


def setting_changes(before: RunConfig, after: RunConfig) -> list[str]:
    """The settings changed in the second config: ``Epochs: 20 instead of 10``."""
    return [
        f"{SETTINGS[path].label}: {setting_value(path, new)} instead of {setting_value(path, old)}"
        for path, (old, new) in config.differences([before, after]).items()
    ]


def visible(name: str) -> str:
    """A name in one line, with whatever cannot be seen written as its code: ``cat\\n``, ``\\x1b``.

    Names come from other people's files. A line break in one could pass for another line of output, an escape
    sequence commands the terminal, and marks for the direction of text make a line read differently.
    """
    return _UNSEEN.sub(_code, name)


def printable(text: str) -> str:
    """Like :func:`visible`, for text of several lines: its line breaks and tabs stay."""
    return _UNSEEN_IN_LINES.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def differing(before: RunConfig, after: RunConfig, limit: int = 3) -> str:
    """What is different in the second config: ``rotation 20°, dropout 0.3``; empty if nothing is.

    The data set and its version are left out, since they are shown beside it.
    """
    changed = {path: new for path, (_, new) in config.differences([before, after]).items()}
    words = [_in_short(path, new) for path, new in changed.items() if path not in _SHOWN_ELSEWHERE]
    return ", ".join(words[:limit]) + (f" and {len(words) - limit} more" if len(words) > limit else "")


def _in_short(path: str, value: Any) -> str:
    """``rotation 20°``, ``no dropout``, ``early stopping``, ``L2 regularisation 0.001``."""
    setting = SETTINGS[path]
    label = setting.label if setting.label[1:2].isdigit() else setting.label[:1].lower() + setting.label[1:]
    if value is True:
        return label
    if value is False or (setting.empty == "off" and not value):
        return f"no {label}"
    if isinstance(value, tuple) and value:
        return f"{label} {'/'.join(map(str, value))}"
    return f"{label} {setting_value(path, value)}"


def _is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)
