"""Decode any image file to upright RGB pixels, or give a plain reason why it cannot be read.

The file type is detected from the content, never from the name. Transparent areas show ``BACKGROUND``; more
than 8 bits per channel are scaled to 8; only the first frame of an animation is used.
"""

from __future__ import annotations

import io
import re
import stat
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from core.data import deep_pixels, heif
from core.data.deep_pixels import Deep, Kind, Range, Ranges

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 50_000_000
BACKGROUND = (255, 255, 255)
"""Transparent areas are shown on white, as in a browser: cut-out images are designed for it."""

Image.init()  # Pillow registers WebP, TIFF and AVIF on demand only, which formats= does not trigger
# This module checks the size itself, before any pixel is read, and gives a clear message.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Pillow's warnings about odd metadata would fill the terminal, one per file.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_BITS_PER_SAMPLE, _ORIENTATION, _SAMPLE_FORMAT = 258, 274, 339  # TIFF 6.0, sections 8 and 19
_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
_FILE_KINDS = (
    (b"%PDF", "a PDF document, not an image"),
    (b"<svg", "an SVG drawing; only pixel images are supported"),
    (b"<!doctype html", "a web page, not an image"),
    (b"<html", "a web page, not an image"),
    (b"<?xml", "an XML or SVG file; only pixel images are supported"),
    (b"MZ", "a program, not an image"),
    (b"\x7fELF", "a program, not an image"),
    (b"PK\x03\x04", "a zip archive, not an image"),
)
_IMAGE_STARTS = (b"\x89png", b"\xff\xd8\xff", b"gif8", b"riff", b"bm", b"ii*\x00", b"mm\x00*")
_UNKNOWN = "not a supported image format (JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PPM)"
_HEAD = 512


class Unreadable(Exception):
    """The file cannot be read as an image; the message is the reason, written for users."""


@dataclass(frozen=True)
class Decoded:
    """An upright RGB image; ``width`` and ``height`` are those of the file, even after a draft decode.

    ``extent`` is the smallest and largest value of a file with more than 8 bits per channel, ``kind`` says
    whether these are integers.
    """

    image: Image.Image
    width: int
    height: int
    mode: str
    note: str
    kind: Kind | None = None
    extent: Range | None = None


def decode(path: Path, draft: int = 0, ranges: Ranges | None = None) -> Decoded:
    """Read an image file.

    Args:
        path: the file; its name is ignored.
        draft: if not 0, the caller will reduce the image to this many pixels a side, so a large JPEG may be
            decoded at a half, a quarter or an eighth of its size, but never below ``draft``.
        ranges: what is black and white in a data set's images of more than 8 bits; where it does not say, the
            file itself does. None scales each as earlier versions of the lab did.

    Raises:
        Unreadable: the file cannot be read; gives a plain reason.
    """
    try:
        with _opened(path) as image:
            return _decoded(image, path, draft, ranges)
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable(_kind(path)) from None
    except Image.DecompressionBombError as error:
        raise Unreadable(_too_large(_pixels(error), "claims")) from None
    except FileNotFoundError:
        raise Unreadable("the file no longer exists") from None
    except PermissionError:
        raise Unreadable("no permission to read the file") from None
    except Exception as error:  # decoders raise almost anything for damaged files
        raise Unreadable(_reason(error)) from None


def _opened(path: Path) -> Image.Image:
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would keep the reader waiting
        raise Unreadable("not a regular file")
    head = _head(path)
    if not heif.is_heif(head):
        return Image.open(path, formats=FORMATS)
    kind = f"HEIC photo (brand {heif.brands(head)[0]})"
    if not heif.can_read():
        raise Unreadable(f"a {kind}; run pip install pi-heif to read such photos, or save them as JPEG")
    try:
        return heif.open_image(path)
    except Exception:  # libheif raises almost anything for a damaged file
        raise Unreadable(f"a damaged {kind}") from None


def _decoded(image: Image.Image, path: Path, draft: int, ranges: Ranges | None) -> Decoded:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Unreadable(_too_large(width * height, f"{width:,} x {height:,} pixels are"))
    mode, note = image.mode, _note(image)
    deep = None if ranges is None else deep_pixels.read(image, path)
    stored, scaling = _stored(image, draft) if deep is None else _scaled(image, deep, ranges or Ranges())
    upright = _upright(stored)
    if upright is not stored and stored.size[0] != upright.size[0]:
        width, height = height, width
    rgb, remark = _rgb(upright)
    note = "; ".join(filter(None, (note, scaling, remark)))
    if deep is None:
        return Decoded(rgb, width, height, mode, note)
    return Decoded(rgb, width, height, mode, note, deep.kind, (deep.low, deep.high))


def _stored(image: Image.Image, draft: int) -> tuple[Image.Image, str]:
    if draft and image.format in ("JPEG", "MPO"):
        image.draft(None, (draft, draft))
    image.load()
    return image, ""


def _scaled(image: Image.Image, deep: Deep, ranges: Ranges) -> tuple[Image.Image, str]:
    """The values of a file in RGB, turned as the file says, and how they were scaled."""
    used = ranges.range_of(deep.kind) or deep_pixels.common_range(deep.kind, [deep.low], [deep.high])
    rgb = Image.fromarray(deep.scaled(used))
    with suppress(Exception):  # a damaged EXIF block says nothing about the pixels
        rgb.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
    return rgb, f"more than 8 bits per channel, {deep_pixels.in_words(used)}"


def _too_large(pixels: int, claim: str) -> str:
    """The exact numbers: 50,006,112 pixels are 50 megapixels, too, and still too many."""
    limit = MAX_PIXELS // 1_000_000
    return f"{claim} {pixels:,} pixels; the limit is {MAX_PIXELS:,} ({limit} megapixels), so reduce it first"


def _pixels(error: Image.DecompressionBombError) -> int:
    """How many pixels Pillow has refused to open: ``Image size (400000000 pixels) exceeds limit ...``."""
    found = re.search(r"\((\d+) pixels\)", str(error))
    return int(found[1]) if found else 2 * (Image.MAX_IMAGE_PIXELS or MAX_PIXELS)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image) or image
    except Exception:  # a damaged EXIF block says nothing about the pixels
        return image


def _note(image: Image.Image) -> str:
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return ""
    frames = getattr(image, "n_frames", 1)
    return f"first {'frame' if image.format in _ANIMATED else 'page'} of {frames}"


def _rgb(image: Image.Image) -> tuple[Image.Image, str]:
    """The image in RGB, and a note if the conversion involved a decision."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, ""
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep(image)
    if image.mode == "LAB":
        return _from_lab(image), ""
    if image.has_transparency_data:
        return _on_background(image.convert("RGBA"))
    return image.convert("RGB"), ""


def _on_background(image: Image.Image) -> tuple[Image.Image, str]:
    if image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB"), "fully transparent; shown as if opaque"
    background = Image.new("RGBA", image.size, (*BACKGROUND, 255))
    return Image.alpha_composite(background, image).convert("RGB"), ""


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted


def _from_deep(image: Image.Image) -> tuple[Image.Image, str]:
    """Convert greyscale of 12, 16 or 32 bits or floating point, each file by itself, as is kept for data sets
    that an earlier version of the lab prepared."""
    values = np.asarray(image).astype(np.float64)
    grey = Image.fromarray(np.rint(values * (255 / _white(image, values))).clip(0, 255).astype(np.uint8))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.paste(255, mask=Image.fromarray(values == transparent))
    return grey.convert("RGB"), "greyscale with more than 8 bits, scaled to 8 bits"


def _white(image: Image.Image, values: NDArray[np.float64]) -> float:
    """The value that represents white, from the file's metadata or the range of its pixels."""
    minimum, maximum = float(values.min()), float(values.max())
    if not np.isfinite(maximum - minimum) or minimum < 0:
        raise Unreadable(f"pixel values from {minimum:g} to {maximum:g}: the value of white is unknown")
    if image.mode == "F":
        ranges: tuple[float, ...] = (1.0, 255.0, 65535.0)
    else:
        tags = getattr(image, "tag_v2", {})
        signed = tags.get(_SAMPLE_FORMAT, (1,))[0] == 2
        bits = tags.get(_BITS_PER_SAMPLE, (16,))[0] - signed
        ranges = (2.0 ** min(bits, 16) - 1, 2.0**32 - 1)
    return next((white for white in ranges if maximum <= white), 2.0**32 - 1)


def _reason(error: Exception) -> str:
    text = str(error)
    if any(word in text.lower() for word in ("truncated", "unexpected end", "not processed")):
        return "truncated: the end of the file is missing"
    return f"damaged: {text or type(error).__name__}"


def _head(path: Path) -> bytes:
    """The first bytes of a file; none if it cannot be read, which opening it reports."""
    try:
        with io.FileIO(path) as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _kind(path: Path) -> str:
    head = _head(path)
    if not head:
        return "empty file"
    if other := heif.other_kind(head):
        return other
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((words for magic, words in _FILE_KINDS if start.startswith(magic.lower())), None)
    if kind:
        return kind
    if start.startswith(_IMAGE_STARTS):
        return "damaged: it starts like an image, but its size cannot be read"
    if b"\x00" not in head and _is_text(head):
        return "a text file, not an image"
    return _UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        head[: head.rfind(b" ") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
