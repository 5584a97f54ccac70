"""Only the app's own pages may talk to it, whatever the address, and every response says what they may do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.web.server.app_discovery import discover_asgi_app

from core.workspace import PROJECT
from pages.common import web_guard

HOST = "127.0.0.1:8501"
OWN = f"http://{HOST}"
ALLOWED = ["localhost", "127.0.0.1", "::1", "lab.school.example", "*.lab.example"]


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server for these hosts, behind a portal that has another origin."""
    chosen = {"server.allowedHosts": ALLOWED, "server.corsAllowedOrigins": ["https://portal.example"]}
    monkeypatch.setattr(web_guard.st, "get_option", chosen.__getitem__)


def ask(kind: str = "http", method: str = "GET", **headers: str) -> list[Message]:
    """Return what a small guarded app sends to a request, or to the opening of a websocket."""
    sent: list[Message] = []
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": kind, "method": method, "path": "/", "headers": raw, "query_string": b""}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if kind == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await PlainTextResponse("hello", status_code=404)(scope, receive, send)

    async def receive() -> Message:
        return {"type": f"{kind}.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(web_guard.WebGuard(app)(scope, receive, send))
    return sent


def is_let_through(**request: Any) -> bool:
    """Whether a request reaches the app; a websocket fares alike."""
    status = ask(**request)[0]["status"]
    opening = ask(kind="websocket", **request)[0]
    assert opening["type"] == ("websocket.accept" if status == 404 else "websocket.close")
    assert status in (404, 403)
    return bool(status == 404)


@pytest.mark.fault("A10", "F25")
@pytest.mark.parametrize(
    ("host", "is_answered"),
    [
        ("127.0.0.1:8501", True),
        ("LOCALHOST:8501", True),
        ("localhost", True),
        ("localhost.:9000", True),  # a tunnel has a port of its own
        ("[::1]:8501", True),
        ("lab.school.example", True),
        ("a.lab.example", True),
        ("lab.example", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil-lab.example", False),
        ("127.0.0.1:8501@evil.example", False),
        ("127.0.0.1:port", False),
        ("127.0.0.1/x", False),
        ("", False),
    ],
)
def test_every_request_must_name_a_host_of_the_app(host: str, is_answered: bool) -> None:
    assert is_let_through(Host=host) == is_answered
    assert not is_let_through()


@pytest.mark.fault("A10", "F25")
@pytest.mark.parametrize(
    ("origin", "is_answered"),
    [
        (OWN, True),
        ("https://portal.example", True),
        ("http://127.0.0.1:9999", False),
        ("http://127.0.0.1", False),
        ("http://localhost:8501", False),  # the host is 127.0.0.1
        ("https://portal.example:444", False),
        ("http://portal.example", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_must_be_the_app_itself_port_included(origin: str, is_answered: bool) -> None:
    for method in ("GET", "PUT"):
        assert is_let_through(method=method, Host=HOST, Origin=origin) == is_answered


@pytest.mark.fault("A10")
def test_every_response_carries_the_rules_for_the_browser() -> None:
    for host in (HOST, "evil.example"):
        headers = {name.decode(): value.decode() for name, value in ask(Host=host)[0]["headers"]}
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
    policy = web_guard.security_headers()["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts and "http" not in policy
    assert scripts.count("'sha256-") == 1  # the one script that Streamlit writes into its page


@pytest.mark.fault("A10")
def test_plain_streamlit_run_starts_the_guarded_app() -> None:
    found = discover_asgi_app(Path(PROJECT / "streamlit_app.py"))
    assert found.import_string == "streamlit_app:app"
    import streamlit_app

    assert [one.cls for one in streamlit_app.app._user_middleware] == [web_guard.WebGuard]
