"""Decode any image file to upright RGB pixels, or give a plain reason why it cannot be read.

The file type is detected from the content, never from the name. Transparent areas show ``BACKGROUND``;
16-bit pixels are scaled to 8 bits, never clipped; only the first frame of an animation is used.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 50_000_000
BACKGROUND = (255, 255, 255)
"""Transparent areas are shown on white, as in a browser: cut-out images are designed for it."""

Image.init()  # Pillow registers WebP, TIFF and AVIF on demand only, which formats= does not trigger
# This module checks the size itself, before any pixel is read, and gives a clear message.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Pillow's warnings about odd metadata would fill the terminal, one per file.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339  # TIFF 6.0, section 8 and section 19
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
_UNKNOWN = "not a supported image format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, PPM)"


class Unreadable(Exception):
    """The file cannot be read as an image; the message is the reason, written for users."""


@dataclass(frozen=True)
class Decoded:
    """An upright RGB image; ``width`` and ``height`` are those of the file, even after a draft decode."""

    image: Image.Image
    width: int
    height: int
    mode: str
    note: str


def decode(path: Path, draft: int = 0) -> Decoded:
    """Read an image file.

    Args:
        path: the file; its name is ignored.
        draft: if not 0, the caller will reduce the image to this many pixels a side, so a large JPEG may be
            decoded at a half, a quarter or an eighth of its size, but never below ``draft``.

    Raises:
        Unreadable: the file cannot be read; gives a plain reason.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            return _decoded(image, draft)
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable(_kind(path)) from None
    except Image.DecompressionBombError:
        raise Unreadable(
            f"claims more than {MAX_PIXELS // 1_000_000} megapixels, which is the limit"
        ) from None
    except FileNotFoundError:
        raise Unreadable("the file no longer exists") from None
    except PermissionError:
        raise Unreadable("no permission to read the file") from None
    except Exception as error:  # decoders raise almost anything for damaged files
        raise Unreadable(_reason(error)) from None


def _decoded(image: Image.Image, draft: int) -> Decoded:
    width, height = image.size
    if width * height > MAX_PIXELS:
        megapixels = width * height / 1e6
        raise Unreadable(
            f"{width} x {height} pixels ({megapixels:.0f} megapixels); the limit is 50 megapixels"
        )
    mode, note = image.mode, _note(image)
    if draft and image.format in ("JPEG", "MPO"):
        image.draft(None, (draft, draft))
    image.load()
    upright = _upright(image)
    if upright is not image and image.size[0] != upright.size[0]:
        width, height = height, width
    rgb, remark = _rgb(upright)
    return Decoded(rgb, width, height, mode, "; ".join(filter(None, (note, remark))))


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
    """Convert greyscale with more than 8 bits per pixel: 12, 16 or 32 bits or floating point."""
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


def _kind(path: Path) -> str:
    try:
        with io.FileIO(path) as file:
            head = file.read(512)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not head:
        return "empty file"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "a HEIC photo; save it as JPEG first"
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
