"""HEIF photos, as phones take them (HEIC): recognised by their brands, read by pi-heif."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

BRANDS = frozenset(
    ("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "miaf", "MiHB")
)
"""Of images and sequences coded with HEVC, and of those that do not say how (ISO/IEC 23008-12)."""
_OTHERS = {
    "avif": "an AVIF image",
    "avis": "an AVIF image",
    "crx ": "a camera's raw file (CR3); export it as JPEG first",
    "qt  ": "a video, not an image",
    "isom": "a video, not an image",
    "iso2": "a video, not an image",
    "mp41": "a video, not an image",
    "mp42": "a video, not an image",
    "M4V ": "a video, not an image",
    "avc1": "a video, not an image",
    "3gp4": "a video, not an image",
    "3gp5": "a video, not an image",
    "jxl ": "a JPEG XL image; save it as JPEG or PNG first",
}
_MAX_BRANDS = 30


def brands(head: bytes) -> tuple[str, ...]:
    """The brands in the first bytes of a file, the main one first; none if it is no ISO media file."""
    if head[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(head[:4], "big"), len(head), 16 + 4 * _MAX_BRANDS)
    found = [head[8:12], *(head[start : start + 4] for start in range(16, end - 3, 4))]
    return tuple(brand.decode("latin-1") for brand in found)


def is_heif(head: bytes) -> bool:
    """Whether a file that begins like this holds an image that only pi-heif can read."""
    found = brands(head)
    return bool(BRANDS.intersection(found)) and not {"avif", "avis"}.intersection(found)


def other_kind(head: bytes) -> str:
    """What an ISO media file is that is no HEIF image; "" if unknown."""
    return next((_OTHERS[brand] for brand in brands(head) if brand in _OTHERS), "")


def can_read() -> bool:
    """Whether pi-heif is installed; Pillow then knows the format HEIF."""
    return _register()


@lru_cache(1)
def _register() -> bool:
    """Imported only when there is a HEIF photo: most people have none."""
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.register_heif_opener()
    return True


def open_image(path: Path) -> Image.Image:
    """Open a HEIF photo; only where :func:`can_read`. Raises what Pillow raises."""
    return Image.open(path, formats=("HEIF",))
