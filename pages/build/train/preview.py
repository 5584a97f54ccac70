"""What the network sees: a training image at the input size, and variants of it from augmentation."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core.config import AugmentConfig, RunConfig
from core.data import augment, pixel_cache
from core.data.dataset import Dataset
from core.datasets import Selection
from core.errors import LabError
from pages.common.dataset_cache import HASH_FUNCS
from pages.common.text import literal

VARIANTS = 5
_SHOWN_SIDE = 224
_TURN = "preview_turn"


def show(dataset: Dataset, selection: Selection, config: RunConfig) -> None:
    """Show the image and its variants for the current settings."""
    training = selection.rows[selection.rows["split"] == "train"]
    turn = st.session_state.setdefault(_TURN, 0)
    row = training.iloc[np.random.default_rng(turn).integers(len(training))]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header("What the network sees", anchor=False)
        st.button("Another", icon=":material/shuffle:", key="another_image", on_click=_next_turn)
    changes = config.augment if config.has_augmentation else AugmentConfig(flip=False)
    try:
        images = _strip(dataset, str(row["id"]), config.data.image_size, config.data.resize, changes, turn)
    except LabError as error:
        st.info(literal(error), icon=":material/image_not_supported:")
        return
    size = config.data.image_size
    with st.grid(VARIANTS + 1, min_column_width=100, gap="small"):
        _tile(
            images[0],
            f"At {size} × {size} px",
            f"A training image of {row['label']} at the network's input size",
        )
        for number, image in enumerate(images[1:], start=1):
            _tile(image, f"Variant {number}", f"The same image after random changes, variant {number}")
    st.caption(
        f"A training image of **{literal(row['label'])}** ({literal(row['name'])}). {_explanation(config)}"
    )


def _tile(image: bytes, words: str, alt: str) -> None:
    with st.container(gap="xsmall"):
        st.image(image, width="stretch", alt=alt)
        st.caption(words)


def _explanation(config: RunConfig) -> str:
    if not config.has_augmentation:
        return (
            "A pretrained network looks at each image once, without augmentation, unless part of it is "
            "fine-tuned or variants are cached."
        )
    if not any(config.augment.model_dump().values()):
        return "Augmentation is off, so the image looks the same in every epoch."
    return "Each epoch shows a slightly different variant; validation and test images are never changed."


@st.cache_data(
    max_entries=64,
    show_spinner=False,
    hash_funcs=HASH_FUNCS,
)
def _strip(
    dataset: Dataset, image_id: str, image_size: int, resize: str, config: AugmentConfig, turn: int
) -> list[bytes]:
    rows = dataset.usable[dataset.usable["id"] == image_id]
    image = pixel_cache.load(dataset, rows, image_size, resize)[:]
    variants = augment.batch(np.repeat(image, VARIANTS, axis=0), config, np.random.default_rng(turn))
    return [_jpeg(one) for one in (image[0], *variants)]


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    """Encode an image, enlarged without smoothing so that its pixels stay visible."""
    times = max(1, round(_SHOWN_SIDE / image.shape[0]))
    buffer = io.BytesIO()
    Image.fromarray(image.repeat(times, axis=0).repeat(times, axis=1)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _next_turn() -> None:
    st.session_state[_TURN] += 1
