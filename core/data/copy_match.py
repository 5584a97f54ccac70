"""The second look: do two images that a perceptual hash takes for near copies show the same thing?

Three rules, the cheap ones first.

*As they lie.* Both images, grey and squashed to 64 px a side, correlate by ``AS_THEY_LIE``: recompressed,
scaled, brighter.

*Aligned.* They correlate by ``ALIGNED`` after the small affine change that suits them best (Evangelidis and
Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization", IEEE PAMI 2008):
also a little cropped or turned. Most blocks have to look alike as well. Not for tiny or *plain* images,
such as digits and flat drawings: they have so little in them that any two can be bent onto each other.

*Keypoints.* SIFT features (Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004) that
agree on one similarity, found by RANSAC, and an overlap that looks alike block by block. It also finds crops
and turns of which the pixels no longer say enough, and a second photo of one scene.

Measured at these sizes: of 1,022 pairs of different photos of hands (8 of 64 bits apart or less) the pixels
correlate by 0.96 at most, and 1 has more than 11 matches (13, correlating by 0.90). Copies made of them and
of photos of flowers, cropped by 5 and 10% or turned by 5 degrees, correlate by 0.98, or by 0.93 with at least
10 matches; pairs of photos of one scene have at least 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

AS_THEY_LIE, ALIGNED = 0.985, 0.98
MIN_MATCHES = 16
FEWER_MATCHES, OF_CORRELATION = 10, 0.93
"""So many matches are enough where the pixels correlate like this."""
MIN_ALIKE = 0.4
"""Share of the blocks of the overlap that have to look alike: 0.48 to 1 in photos of one scene, below 0.35 in
nine of ten pairs of different photos. It separates photos that share no more than their background."""
MIN_ALIKE_ALIGNED = 0.75
"""The same for images that are aligned: a shape that has moved on a noisy ground leaves the ground behind."""
PLAIN = 0.6
"""An image is plain where less than this share of its blocks has anything in it. Nine in ten photos have
more, no handwritten digit has."""
TINY = 48
"""Pixels; an image that is smaller has too few for keypoints."""

_SQUARE, _SIDE = 64, 128
_MAX_KEYPOINTS = 300
_RATIO, _OFF = 0.75, 2.0  # Lowe's ratio test; pixels that a match may lie off
_MAX_SCALE = 2.0
_MAX_BEND, _MAX_SHIFT = 0.25, _SQUARE / 4
_BLOCKS, _MIN_BLOCKS = 8, 6
_FLAT, _BLOCK_ALIKE = 4.0, 0.6

Grey = NDArray[Any]
Affine = NDArray[Any]


@dataclass(eq=False)
class Portrait:
    """What is compared of an image.

    Attributes:
        square: grey, float32 (64, 64), squashed to a square.
        grey: uint8 (H, W), 128 px on the longer side.
        tiny: the image has too few pixels for keypoints.
    """

    square: NDArray[np.float32]
    grey: Grey  # uint8
    tiny: bool

    @cached_property
    def keypoints(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Places (K, 2), x and y in pixels of ``grey``, and their descriptors (K, 128)."""
        found, descriptors = cv2.SIFT.create(_MAX_KEYPOINTS).detectAndCompute(self.grey, None)
        points = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
        return points, np.asarray(descriptors, np.float32)  # of none, None becomes an array that nobody reads

    @cached_property
    def plain(self) -> bool:
        """Most of it is one flat ground."""
        return float(np.mean(_blocks(_smooth(self.grey)).std(axis=1) >= _FLAT)) < PLAIN


def portrait(image: Image.Image, *, mirrored: bool = False) -> Portrait:
    """What is compared of an RGB image, or of its mirror image."""
    grey = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY)
    if mirrored:
        grey = cv2.flip(grey, 1)
    height, width = grey.shape
    scale = _SIDE / max(height, width)
    large = max(1, round(width * scale)), max(1, round(height * scale))
    square = _resized(grey, (_SQUARE, _SQUARE)).astype(np.float32)
    return Portrait(square, _resized(grey, large), min(height, width) < TINY)


def _resized(grey: Grey, size: tuple[int, int]) -> Grey:
    way = cv2.INTER_AREA if max(grey.shape) > max(size) else cv2.INTER_CUBIC
    return cv2.resize(grey, size, interpolation=way)


def same(one: Portrait, other: Portrait) -> bool:
    """Whether two images are copies of each other, or photos of one scene."""
    if _correlation(one.square, other.square) >= AS_THEY_LIE:
        return True
    correlation, change = aligned(one.square, other.square)
    alike = share_alike(one.square, other.square, change)
    simple = any(image.tiny or image.plain for image in (one, other))
    if correlation >= ALIGNED and alike >= MIN_ALIKE_ALIGNED and not simple:
        return True
    if one.tiny or other.tiny or alike < MIN_ALIKE:
        return False  # most different images end here, before their keypoints have been looked for
    matches, similarity = matched(one, other)
    if matches < (FEWER_MATCHES if correlation >= OF_CORRELATION else MIN_MATCHES):
        return False
    return share_alike(_smooth(one.grey), _smooth(other.grey), similarity) >= MIN_ALIKE


def aligned(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, Affine]:
    """Correlation of two squares (64, 64) after the affine change (2, 3) that suits them best; 0 for none
    that is small.
    """
    change: Affine = np.eye(2, 3, dtype=np.float32)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
    try:
        found, change = cv2.findTransformECC(one, other, change, cv2.MOTION_AFFINE, until)
    except cv2.error:  # it does not converge: nothing in common, or an image of one colour
        return 0.0, change
    bend, shift = np.abs(change[:, :2] - np.eye(2)).max(), np.abs(change[:, 2]).max()
    return float(found) if bend <= _MAX_BEND and shift <= _MAX_SHIFT else 0.0, change


def matched(one: Portrait, other: Portrait) -> tuple[int, Affine]:
    """How many places of ``one`` lie, by one similarity (2, 3), where their match in ``other`` is."""
    (points, descriptors), (others, other_descriptors) = one.keypoints, other.keypoints
    nothing = 0, np.eye(2, 3)
    if min(len(points), len(others)) < FEWER_MATCHES:
        return nothing
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, other_descriptors, k=2)
    good = [best for best, second in nearest if best.distance < _RATIO * second.distance]
    if len(good) < FEWER_MATCHES:
        return nothing
    own = points[[match.queryIdx for match in good]]
    there = others[[match.trainIdx for match in good]]
    similarity, agree = cv2.estimateAffinePartial2D(own, there, method=cv2.RANSAC, ransacReprojThreshold=_OFF)
    if similarity is None or not 1 / _MAX_SCALE < np.hypot(*similarity[0, :2]) < _MAX_SCALE:
        return nothing
    return len(np.unique(np.rint(own[agree.ravel() == 1]), axis=0)), similarity


def share_alike(one: Grey, other: Grey, change: Affine) -> float:
    """Share of the blocks of ``one`` with something in them that look alike in ``other``, laid over it."""
    size, inverse = one.shape[::-1], cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(other, change, size, flags=cv2.INTER_LINEAR | inverse)
    cover = cv2.warpAffine(np.ones_like(other), change, size, flags=cv2.INTER_NEAREST | inverse)
    own, there = (part - part.mean(axis=1, keepdims=True) for part in (_blocks(one), _blocks(laid)))
    spread, spread_there = own.std(axis=1), there.std(axis=1)
    counts = (_blocks(cover).mean(axis=1) > 0.95) & (np.maximum(spread, spread_there) >= _FLAT)
    alike = (own * there).mean(axis=1) > _BLOCK_ALIKE * spread * spread_there
    return float(alike[counts].mean()) if counts.sum() >= _MIN_BLOCKS else 0.0


def _blocks(grey: Grey) -> NDArray[np.float32]:
    """Its 8 x 8 blocks, a row of pixels each: (64, P). What is left over at the edges is left out."""
    height, width = (max(side // _BLOCKS, 1) for side in grey.shape)
    whole = np.zeros((_BLOCKS * height, _BLOCKS * width), np.float32)
    part = grey[: len(whole), : whole.shape[1]]
    whole[: part.shape[0], : part.shape[1]] = part
    return whole.reshape(_BLOCKS, height, _BLOCKS, width).swapaxes(1, 2).reshape(_BLOCKS**2, -1)


def _smooth(grey: Grey) -> Grey:
    return cv2.GaussianBlur(grey, (0, 0), 1)


def _correlation(one: Grey, other: Grey) -> float:
    a, b = (pixels - pixels.mean(dtype=np.float64) for pixels in (one, other))
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-9))
