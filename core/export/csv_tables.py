"""Tables to take away, as CSV that no spreadsheet runs."""

from __future__ import annotations

import pandas as pd

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def csv_safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front; all else stays.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8, with the mark by which spreadsheets know that it is; the index is left out."""
    return frame.rename(columns=csv_safe).map(csv_safe).to_csv(index=False).encode("utf-8-sig")
