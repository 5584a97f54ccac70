"""What stands between this machine and a server is found as requests finds it."""

from __future__ import annotations

import socket

import pytest

from core.processes import download


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_proxy_is_reached_whether_or_not_its_address_names_a_scheme(scheme, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("https_proxy", f"{scheme}127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        download._reach("https://example.org/weights.h5")
