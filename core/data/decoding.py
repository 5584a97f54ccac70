"""From any image file to upright RGB pixels, or to a plain reason why not.

Files are judged by their content, never by their name. Transparent parts show ``BACKGROUND``;
16-bit pixels are scaled to 8 bits, never clipped; of an animation the first frame counts.
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
"""Transparent parts are shown on white, as in a browser: cut-out images are made for it."""

Image.init()  # Pillow registers WebP, TIFF and AVIF on demand only, which formats= does not trigger
# The size is checked here, before any pixel is read, and answered with a sentence.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Pillow's remarks about odd metadata would reach a person's terminal once a file.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339  # TIFF 6.0, section 8 and section 19
_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
_FILE_KINDS = (
    (b"%PDF", "a PDF document, not an image"),
    (b"<svg", "an SVG drawing; only images made of pixels are read"),
    (b"<!doctype html", "a web page, not an image"),
    (b"<html", "a web page, not an image"),
    (b"<?xml", "an XML or SVG file; only images made of pixels are read"),
    (b"MZ", "a program, not an image"),
    (b"\x7fELF", "a program, not an image"),
    (b"PK\x03\x04", "a zip archive, not an image"),
)
_IMAGE_STARTS = (b"\x89png", b"\xff\xd8\xff", b"gif8", b"riff", b"bm", b"ii*\x00", b"mm\x00*")
_UNKNOWN = "not an image format that is read (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, PPM)"


class Unreadable(Exception):
    """The file gives no image; the text is the reason, for a person."""


@dataclass(frozen=True)
class Decoded:
    """An upright RGB image; ``width`` and ``height`` are the file's own, also after a draft decode."""

    image: Image.Image
    width: int
    height: int
    mode: str
    note: str


def decode(path: Path, draft: int = 0) -> Decoded:
    """Read an image file.

    Args:
        path: the file; its name plays no part.
        draft: if not 0, the caller will reduce the image to this many pixels a side, so a large
            JPEG may be decoded at a half, quarter or eighth of its size, never below ``draft``.

    Raises:
        Unreadable: with a plain reason.
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
            f"claims more than {MAX_PIXELS // 1_000_000} megapixels, the most that is read"
        ) from None
    except FileNotFoundError:
        raise Unreadable("the file is gone") from None
    except PermissionError:
        raise Unreadable("no permission to read it") from None
    except Exception as error:  # decoders of damaged files raise nearly anything
        raise Unreadable(_reason(error)) from None


def _decoded(image: Image.Image, draft: int) -> Decoded:
    width, height = image.size
    if width * height > MAX_PIXELS:
        megapixels = width * height / 1e6
        raise Unreadable(f"{width} x {height} pixels ({megapixels:.0f} megapixels); at most 50 are read")
    mode, note = image.mode, _note(image)
    if draft and image.format in ("JPEG", "MPO"):
        image.draft(None, (draft, draft))
    image.load()
    turned = _turned(image)
    if turned is not image and image.size[0] != turned.size[0]:
        width, height = height, width
    rgb, remark = _rgb(turned)
    return Decoded(rgb, width, height, mode, "; ".join(filter(None, (note, remark))))


def _turned(image: Image.Image) -> Image.Image:
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
    """The image in RGB, and a remark where something had to be decided."""
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
        return image.convert("RGB"), "wholly transparent; shown as if it were not"
    background = Image.new("RGBA", image.size, (*BACKGROUND, 255))
    return Image.alpha_composite(background, image).convert("RGB"), ""


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted


def _from_deep(image: Image.Image) -> tuple[Image.Image, str]:
    """Grey with more than 8 bits: 12, 16 or 32 bits or floating point."""
    values = np.asarray(image).astype(np.float64)
    grey = Image.fromarray(np.rint(values * (255 / _white(image, values))).clip(0, 255).astype(np.uint8))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.paste(255, mask=Image.fromarray(values == transparent))
    return grey.convert("RGB"), "grey of more than 8 bits, scaled to 8 bits"


def _white(image: Image.Image, values: NDArray[np.float64]) -> float:
    """The value that stands for white, from the file's own statement or from the range of its pixels."""
    least, most = float(values.min()), float(values.max())
    if not np.isfinite(most - least) or least < 0:
        raise Unreadable(f"pixels from {least:g} to {most:g}: which value is white is not known")
    if image.mode == "F":
        ranges: tuple[float, ...] = (1.0, 255.0, 65535.0)
    else:
        tags = getattr(image, "tag_v2", {})
        signed = tags.get(_SAMPLE_FORMAT, (1,))[0] == 2
        bits = tags.get(_BITS_PER_SAMPLE, (16,))[0] - signed
        ranges = (2.0 ** min(bits, 16) - 1, 2.0**32 - 1)
    return next((white for white in ranges if most <= white), 2.0**32 - 1)


def _reason(error: Exception) -> str:
    text = str(error)
    if any(word in text.lower() for word in ("truncated", "unexpected end", "not processed")):
        return "cut off: the end of the file is missing"
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
        return "damaged: its first bytes are an image's, but its size cannot be read"
    if b"\x00" not in head and _is_text(head):
        return "a text file, not an image"
    return _UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        head[: head.rfind(b" ") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
