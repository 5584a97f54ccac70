"""The images on the cards of the home page, made of the built-in images; see :mod:`samples.make_example`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from core import datasets, workspace
from core.data.dataset import Dataset
from core.evaluation import metrics
from core.explain import heatmaps
from core.export import overlay
from core.runs import Run

FOLDER = workspace.PROJECT / "pages" / "start" / "home" / "images"
WIDTH, HEIGHT = 480, 240
_TILE = 150
_TEAL, _SAND, _PAPER = "#0f6b5c", "#e8b36b", "#eef2f0"


def draw(run: Run) -> None:
    """Draw all cards; ``run`` is the example, in a workspace with its data set."""
    garden = datasets.open("garden")
    flowers = [_squares(garden, name, 6) for name in garden.class_names]
    _save("flowers", _mosaic([tiles[turn] for turn in range(2) for tiles in flowers][:8], columns=4))
    _save("own", _folders([tiles[2] for tiles in flowers[:3]]))
    _save("catalogue", _mosaic(_catalogue(flowers), columns=4))
    _save("example", _explained(run, garden))


def _save(name: str, image: Image.Image) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    image.convert("RGB").save(FOLDER / f"{name}.jpg", "JPEG", quality=84, optimize=True)


def _squares(dataset: Dataset, label: str, number: int) -> list[Image.Image]:
    rows = dataset.usable[dataset.usable["label"] == label].sort_values("sharpness", ascending=False)
    chosen = rows.iloc[5 : 5 + number].to_dict("records")
    return [ImageOps.fit(dataset.image(row), (2 * _TILE, 2 * _TILE)) for row in chosen]


def _mosaic(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    side = WIDTH // columns
    canvas = Image.new("RGB", (WIDTH, -(-len(tiles) // columns) * side))
    for index, tile in enumerate(tiles):
        canvas.paste(tile.resize((side, side)), (index % columns * side, index // columns * side))
    return ImageOps.fit(canvas, (WIDTH, HEIGHT))


def _folders(tiles: Sequence[Image.Image]) -> Image.Image:
    """Three folders, with an image in each."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(canvas)
    for index, tile in enumerate(tiles):
        left, top = 30 + 145 * index, 75
        pen.rounded_rectangle((left, top - 22, left + 60, top + 30), 8, fill=_TEAL)
        pen.rounded_rectangle((left, top, left + 130, top + 140), 8, fill=_TEAL)
        canvas.paste(tile.resize((100, 100)), (left + 15, top - 40))
        pen.rounded_rectangle((left, top + 40, left + 130, top + 140), 8, fill=_SAND)
    return canvas


def _catalogue(flowers: Sequence[Sequence[Image.Image]]) -> list[Image.Image]:
    """Tiles of many kinds: flowers between letters and digits."""
    colours = (_TEAL, "#5b5bb8", "#b4661a", "#b23a6b")
    drawn = [_letter(text, colour) for text, colour in zip("7a3K", colours, strict=True)]
    return [tile for letter, tiles in zip(drawn, flowers, strict=False) for tile in (letter, tiles[3])]


def _letter(text: str, colour: str) -> Image.Image:
    tile = Image.new("RGB", (_TILE, _TILE), colour)
    font = ImageFont.load_default(_TILE * 0.7)
    ImageDraw.Draw(tile).text((_TILE / 2, _TILE / 2), text, "#ffffff", font, anchor="mm")
    return tile


def _explained(run: Run, dataset: Dataset) -> Image.Image:
    """A test image that was classified correctly with confidence, beside what its prediction is based on."""
    from core.ml import assistant_tasks

    test = run.predictions("test")
    right = np.flatnonzero(metrics.predicted(test) == test.labels)
    best = int(right[np.argsort(-metrics.confidence(test)[right])[3]])
    request = heatmaps.Request(str(test.ids[best]), int(test.labels[best]))
    (heatmap,) = assistant_tasks.explain(run, [request])
    row = dataset.rows([str(test.ids[best])]).iloc[0]
    image = dataset.image(row)
    shown = Image.fromarray(overlay.heatmap_overlay(image, heatmap))
    canvas = Image.new("RGB", (WIDTH, HEIGHT))
    for left, half in ((0, image), (WIDTH // 2, shown)):
        canvas.paste(ImageOps.fit(half, (WIDTH // 2, HEIGHT)), (left, 0))
    return canvas
