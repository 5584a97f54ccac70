"""How TensorFlow is set up in a worker process: threads, precision, repeatability."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import keras
import tensorflow as tf

BFLOAT16_CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
BFLOAT16_GPU_CAPABILITY = (8, 0)


def precision(wanted: str) -> str:
    """``"float32"`` or ``"bfloat16"`` for the setting ``auto``, ``float32`` or ``bfloat16``.

    bfloat16 keeps float32's range, so no loss scaling is needed; weights and loss stay float32
    (Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019).
    """
    if wanted != "auto":
        return wanted
    return "bfloat16" if has_fast_bfloat16() else "float32"


@cache
def has_fast_bfloat16() -> bool:
    """Whether the device that will train multiplies bfloat16 in hardware; emulated it is slower."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return tuple(details.get("compute_capability", (0, 0))) >= BFLOAT16_GPU_CAPABILITY
    return bool(BFLOAT16_CPU_FLAGS & _cpu_flags())


def devices() -> list[str]:
    """The devices that share the work of a training: all GPUs, where there are several; else none."""
    gpus = tf.config.list_logical_devices("GPU")
    return [device.name for device in gpus] if len(gpus) > 1 else []


def seed(value: int) -> None:
    """Start all chance of Python, NumPy and TensorFlow from ``value``."""
    keras.utils.set_random_seed(value)


def seed_weights(value: int) -> None:
    """Draw weights as after :func:`seed`, which would also make TensorFlow forget what it has compiled."""
    random.seed(value)  # Keras's initializers and layers take their seeds from here


def _cpu_flags() -> frozenset[str]:
    """What the processor can do; empty where the system does not say (Windows, macOS)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split(":")[1] for line in lines if line.startswith("flags")), "").split())
