"""Who may talk to the app: checked before any request reaches it, with the rules browsers must keep."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FOREIGN_HOST = (
    "The lab does not answer to this address. Open the address that it printed at its start, or add the "
    "host name to server.allowedHosts."
)
_FOREIGN_ORIGIN = "The lab answers to its own pages only. Another website or program on this machine asked."
BROWSER_COOKIE = "lab_browser"
"""Marks a browser, so that a page can tell which runs were started in another. It is no protection."""
_COOKIE_RULES = "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
_POLICY_VIOLATION = 1008
"""The code for closing a websocket; sent before it is accepted, it becomes a 403."""


class WebGuard:
    """ASGI middleware that refuses foreign hosts and origins and adds security headers to every response.

    Streamlit checks the host of websockets alone, and accepts any port of this machine as their origin, so
    that every page of another local program could open one. Here the ``Host`` of every request must be in
    ``server.allowedHosts`` (which stops pages that point their own name at 127.0.0.1), and the ``Origin``,
    where a browser sends one, must be the address of the app itself, port included, or one of
    ``server.corsAllowedOrigins``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason = refusal(Headers(scope=scope))
        if scope["type"] == "websocket":
            if reason:
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason[:120]})
            else:
                await self._app(scope, receive, send)
            return
        answer = PlainTextResponse(reason, status_code=403) if reason else self._app
        is_known = BROWSER_COOKIE in HTTPConnection(scope).cookies
        await answer(scope, receive, _with_headers(send, mark=not is_known))


def refusal(headers: Headers) -> str:
    """Return why a request with these headers is refused, or an empty string."""
    host, origin = headers.get("host", "").lower(), headers.get("origin")
    allowed = [name.lower() for name in st.get_option("server.allowedHosts")]
    if len(headers.getlist("host")) != 1 or not is_allowed(host, allowed):
        return _FOREIGN_HOST
    if origin is None or origin.lower().partition("://")[2] == host:
        return ""
    return "" if origin in st.get_option("server.corsAllowedOrigins") else _FOREIGN_ORIGIN


def is_allowed(host: str, allowed: list[str]) -> bool:
    """Whether the name in a ``Host`` header, whatever its port, is one of ``allowed``.

    As in ``server.allowedHosts``, ``*.example.org`` stands for all names below it. Here an empty list allows
    no name, and ``*`` is not a way to allow all.
    """
    match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", host)
    if match is None:
        return False
    name = match[1].strip("[]").rstrip(".")
    return any(
        name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern for pattern in allowed
    )


def _with_headers(send: Send, *, mark: bool) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in security_headers().items():
                headers[name] = value
            if mark:
                headers.append("Set-Cookie", f"{BROWSER_COOKIE}={secrets.token_hex(16)}; {_COOKIE_RULES}")
        await send(message)

    return send_with_headers


@cache
def security_headers() -> dict[str, str]:
    """Return the headers of every response.

    Pages load scripts, styles, fonts and images from the app alone and are shown in no frame. Streamlit
    writes its styles into the page, hence ``'unsafe-inline'`` for these; charts are drawn by an interpreter,
    so that no text is evaluated as a script. ``blob:`` and ``data:`` are what Streamlit makes in the browser:
    modules of the app's own components, downloads, and the camera's photos.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *_inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "connect-src": "'self' data: blob:",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    }


def _inline_scripts() -> list[str]:
    """Return the hashes of the scripts written into Streamlit's page, as a policy names them."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
