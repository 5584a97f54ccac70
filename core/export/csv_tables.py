"""Tables for download, as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import pandas as pd

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def csv_safe(value: object) -> object:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe; leave the rest unchanged.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 without the index; a byte order mark tells spreadsheets the encoding."""
    return frame.rename(columns=csv_safe).map(csv_safe).to_csv(index=False).encode("utf-8-sig")
