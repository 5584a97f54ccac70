"""TensorFlow's setup in a worker process: devices, precision, reproducibility."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import keras
import tensorflow as tf

BFLOAT16_CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
BFLOAT16_GPU_CAPABILITY = (8, 0)


def precision(wanted: str) -> str:
    """Return ``"float32"`` or ``"bfloat16"`` for the setting ``auto``, ``float32`` or ``bfloat16``.

    bfloat16 keeps float32's range, so no loss scaling is needed; weights and loss stay float32
    (Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019).
    """
    if wanted != "auto":
        return wanted
    return "bfloat16" if has_fast_bfloat16() else "float32"


def pretrained_precision(wanted: str) -> str:
    """Return the precision for fine-tuning a pretrained network, as :func:`precision` does.

    On a processor, "auto" is float32: depthwise convolutions are not made for bfloat16 there (MobileNetV2
    took 1.7 times as long per epoch with it, on a processor that has it).
    """
    if wanted == "auto" and not tf.config.list_physical_devices("GPU"):
        return "float32"
    return precision(wanted)


@cache
def has_fast_bfloat16() -> bool:
    """Return whether the training device supports bfloat16 in hardware; emulation is slower."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return tuple(details.get("compute_capability", (0, 0))) >= BFLOAT16_GPU_CAPABILITY
    return bool(BFLOAT16_CPU_FLAGS & _cpu_flags())


def devices() -> list[str]:
    """Return the devices that share the training: all GPUs if there are several, else none."""
    gpus = tf.config.list_logical_devices("GPU")
    return [device.name for device in gpus] if len(gpus) > 1 else []


def seed(value: int) -> None:
    """Seed the random generators of Python, NumPy and TensorFlow."""
    keras.utils.set_random_seed(value)


def seed_weights(value: int) -> None:
    """Seed only the drawing of weights; :func:`seed` would also discard TensorFlow's compiled functions."""
    random.seed(value)  # Keras's initializers and layers take their seeds from here


def _cpu_flags() -> frozenset[str]:
    """Return the processor's feature flags; empty where they are unavailable (Windows, macOS)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split(":")[1] for line in lines if line.startswith("flags")), "").split())
