"""What is recorded of the machine never ends a run."""

from __future__ import annotations

import pytest

from core.export.models import description
from core.training import environment


def test_a_package_under_another_name_is_unknown_and_not_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    found = environment.version

    def version(package: str) -> str:
        if package == "tensorflow":  # as with tensorflow-cpu
            raise environment.PackageNotFoundError(package)
        return found(package)

    monkeypatch.setattr(environment, "version", version)
    described = environment.describe.__wrapped__()
    assert described["tensorflow"] == "unknown" and described["numpy"] == found("numpy")
    assert description._pinned("tensorflow", environment.version_of("tensorflow")) == "tensorflow\n"
    assert description._pinned("numpy", environment.version_of("numpy")) == f"numpy=={found('numpy')}\n"
