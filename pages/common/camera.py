"""A live camera: the browser sends a small square photo a few times per second while it runs.

A component of the lab's own, as ``st.camera_input`` takes one photo per click. The next photo is sent once
the last one has been dealt with, so a slow model is shown fewer of them instead of old ones.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import streamlit as st

SIDE = 224
"""Pixels per side of a photo."""
MAX_CHARACTERS = 400_000
"""A JPEG of that size has some 15,000; anything far larger does not come from the script below."""

FAULTS = {
    "denied": "The browser was not allowed to use the camera. Allow it in the address bar, then press Start "
    "camera again.",
    "none": "No camera was found. Connect one, then press Start camera again.",
    "busy": "The camera is in use by another program. Close it there, then press Start camera again.",
    "insecure": "The browser lends a camera only to pages on this machine or with https. Open the lab as "
    "http://localhost, or put it behind a server with a certificate (see the README).",
    "failed": "The camera could not be started. Try another browser.",
}
"""What can go wrong, as sentences, by the name that the script reports."""

_HTML = """
<div class="camera">
  <video playsinline muted aria-label="Live camera"></video>
  <div>
    <button type="button" class="start">Start camera</button>
    <button type="button" class="turn" hidden>Other camera</button>
  </div>
</div>
"""

_CSS = """
.camera { display: flex; flex-direction: column; gap: 0.5rem; align-items: flex-start; }
video {
  width: 100%; max-width: var(--camera-width, 360px); aspect-ratio: 1; object-fit: cover;
  background: var(--st-secondary-background-color); border-radius: var(--st-base-radius);
}
button {
  font: inherit; color: white; background: #147a69; border: none;
  border-radius: var(--st-button-radius); padding: 0.4rem 0.9rem; cursor: pointer;
}
video.mirrored { transform: scaleX(-1); }
button.turn { color: inherit; background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 2px; }
"""

_JS = """
const cameras = new WeakMap()
const PATIENCE = 3000

export default function (component) {
  const { parentElement, data, setStateValue } = component
  let camera = cameras.get(parentElement)
  if (!camera) {
    camera = create(parentElement)
    cameras.set(parentElement, camera)
  }
  camera.send = setStateValue
  camera.interval = data.interval
  camera.side = data.side
  camera.answered = data.answered
  return () => camera.stop()
}

function create(root) {
  const video = root.querySelector("video")
  const button = root.querySelector("button.start")
  const turn = root.querySelector("button.turn")
  const canvas = document.createElement("canvas")
  const camera = { sent: 0, sentAt: 0, answered: 0, stream: null, starting: false, faces: "user" }

  camera.stop = () => {
    clearInterval(camera.timer)
    if (camera.stream) camera.stream.getTracks().forEach((track) => track.stop())
    camera.stream = null
    video.srcObject = null
    button.textContent = "Start camera"
    turn.hidden = true
  }

  camera.start = async () => {
    if (!navigator.mediaDevices) return camera.send("fault", "insecure")
    camera.starting = true
    try {
      camera.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: camera.faces } })
    } catch (error) {
      const known = {
        NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none",
        OverconstrainedError: "none", NotReadableError: "busy",
      }
      return camera.send("fault", known[error.name] || "failed")
    } finally {
      camera.starting = false
    }
    camera.send("fault", "")
    video.srcObject = camera.stream
    video.classList.toggle("mirrored", camera.faces === "user")
    await video.play()
    button.textContent = "Stop camera"
    const devices = await navigator.mediaDevices.enumerateDevices()
    turn.hidden = devices.filter((device) => device.kind === "videoinput").length < 2
    camera.stream.getVideoTracks()[0].onended = () => {
      camera.stop()
      camera.send("fault", "none")
    }
    camera.timer = setInterval(camera.photograph, camera.interval)
  }

  camera.photograph = () => {
    const isAwaited = camera.sent > camera.answered && Date.now() - camera.sentAt < PATIENCE
    if (isAwaited || !video.videoWidth || document.hidden) return
    const square = Math.min(video.videoWidth, video.videoHeight)
    const left = (video.videoWidth - square) / 2
    const top = (video.videoHeight - square) / 2
    canvas.width = canvas.height = camera.side
    canvas.getContext("2d").drawImage(video, left, top, square, square, 0, 0, camera.side, camera.side)
    camera.sent = Math.max(camera.sent, camera.answered) + 1
    camera.sentAt = Date.now()
    const jpeg = canvas.toDataURL("image/jpeg", 0.9).split(",")[1]
    camera.send("photo", { number: camera.sent, jpeg })
  }

  button.onclick = () => {
    if (camera.stream) camera.stop()
    else if (!camera.starting) camera.start()
  }
  turn.onclick = () => {
    camera.faces = camera.faces === "user" ? "environment" : "user"
    camera.stop()
    camera.start()
  }
  return camera
}
"""

_component = st.components.v2.component("live_camera", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo from the camera: its number, from 1, and a square JPEG."""

    number: int
    jpeg: bytes


def camera(key: str, *, milliseconds: int = 200) -> Photo | None:
    """Show the camera and return the latest photo, or None until there is one; say what is wrong with it.

    To be called inside a fragment, which is run again for each photo.

    Args:
        key: identifies the camera.
        milliseconds: between photos, at least.
    """
    state: dict[str, Any] = dict(st.session_state.get(key) or {})
    photo = _photo(state.get("photo"))
    _component(
        key=key,
        data={"interval": milliseconds, "side": SIDE, "answered": photo.number if photo else 0},
        on_photo_change=lambda: None,
        on_fault_change=lambda: None,
    )
    fault = FAULTS.get(str(state.get("fault")))
    if fault:
        st.warning(fault, icon=":material/videocam_off:")
        return None
    return photo


def _photo(value: Any) -> Photo | None:
    """What the browser sent as a photo; None if it is none."""
    if not isinstance(value, dict):
        return None
    number, jpeg = value.get("number"), value.get("jpeg")
    if not isinstance(number, int) or not isinstance(jpeg, str) or len(jpeg) > MAX_CHARACTERS:
        return None
    try:
        return Photo(number, base64.b64decode(jpeg, validate=True))
    except binascii.Error:
        return None
