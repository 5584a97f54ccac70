"""A network too large for the machine is named before it is built; running out of memory is no mystery."""

from __future__ import annotations

from collections import namedtuple

import pytest

from core.config import RunConfig
from core.errors import LabError
from core.training import cost_estimate, status_writer

HUGE = {"data.image_size": 256, "model.filters": (512,), "model.dense_units": 1024}


@pytest.mark.parametrize(
    "changes", [{}, {"model.filters": (8,), "data.image_size": 64}, {"fit.optimizer": "sgd"}]
)
def test_usual_networks_fit(changes):
    cost_estimate.check_memory(RunConfig().replace(changes), 5)


@pytest.mark.parametrize("changes", [{}, {"fit.optimizer": "sgd"}, {"fit.batch_size": 1}])
def test_a_network_far_too_large_is_named_with_its_parameters_and_memory(changes, monkeypatch):
    memory = namedtuple("memory", "total")
    monkeypatch.setattr(cost_estimate.psutil, "virtual_memory", lambda: memory(16e9))
    with pytest.raises(LabError, match=r"has 8,\d+,\d+,\d+ parameters.* needs about \d+ GB.* has 16 GB"):
        cost_estimate.check_memory(RunConfig().replace({**HUGE, **changes}), 5)


def test_memory_grows_with_what_needs_it():
    base = cost_estimate.memory(RunConfig(), 5)
    for changes in (
        {"fit.batch_size": 64},
        {"model.dense_units": 256},
        {"data.image_size": 160},
        {"model.filters": (32, 32, 64)},
    ):
        assert cost_estimate.memory(RunConfig().replace(changes), 5) > base
    assert cost_estimate.memory(RunConfig().replace({"fit.optimizer": "sgd"}), 5) < base


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


@pytest.mark.parametrize("error", [MemoryError(), ResourceExhaustedError("OOM when allocating tensor")])
def test_running_out_of_memory_is_said_with_what_to_change(error):
    ending = status_writer._ending(error, False)
    assert ending["message"] == "The machine ran out of memory."
    assert "fewer parameters" in ending["hint"]
