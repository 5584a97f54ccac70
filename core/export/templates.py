"""How texts that leave the lab are written from their templates, with Jinja2."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(folder: Path, *, is_html: bool = False) -> Environment:
    """Return the templates of a folder; a name without a value is an error, a line of logic leaves none.

    Args:
        folder: of the templates.
        is_html: whether values are escaped for HTML.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
