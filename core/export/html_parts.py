"""Pieces of a self-contained HTML page: every text is escaped here, every picture becomes data."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from core.export import figures

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem }
h1 { line-height: 1.2; overflow-wrap: anywhere } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d8dbe0 }
img { max-width: 100% } figure { margin: 1rem 0; break-inside: avoid }
figcaption { font-size: .875rem; color: #5b626b; overflow-wrap: anywhere }
table { border-collapse: collapse; font-size: .875rem } tr { break-inside: avoid }
th, td { padding: .2rem 1.2rem .2rem 0; text-align: left; border-bottom: 1px solid #e6e8eb;
         vertical-align: top; overflow-wrap: anywhere }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem }
.tiles figure { margin: 0 }
.tiles img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #f2f3f5 }
@media print { body { margin: 0; max-width: none; font-size: 11pt } h2 { break-after: avoid } }
"""
_THUMBNAIL = 320


def page(title: str, sections: Mapping[str, str]) -> str:
    """A whole page from sections of HTML by their heading; a browser is told to load nothing from outside."""
    body = "".join(
        f"<section><h2>{escape(head)}</h2>{content}</section>" for head, content in sections.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def paragraphs(*sentences: str) -> str:
    """A paragraph for each text that is not empty."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)


def bullets(sentences: Iterable[str]) -> str:
    """A list with a point for each text."""
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{points}</ul>" if points else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; whole numbers stand to the right."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def figure(drawn: Figure, caption: str, *, as_svg: bool = True) -> str:
    """A figure: as SVG it is sharp at any size, as PNG it stays small however much is in it."""
    content = figures.svg(drawn) if as_svg else figures.png(drawn)
    return _image("image/svg+xml" if as_svg else "image/png", content, caption)


def picture(image: Image.Image, caption: str) -> str:
    """A picture at the size of a thumbnail."""
    small = image.convert("RGB")
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return _image("image/jpeg", buffer.getvalue(), caption)


def tiles(figures: Iterable[str]) -> str:
    """Figures side by side, as many a row as there is room for."""
    return f'<div class="tiles">{"".join(figures)}</div>'


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"


def _image(kind: str, content: bytes, caption: str) -> str:
    text = escape(caption)
    data = f"data:{kind};base64,{b64encode(content).decode()}"
    return f'<figure><img src="{data}" alt="{text}"><figcaption>{text}</figcaption></figure>'
