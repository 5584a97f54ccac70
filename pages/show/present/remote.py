"""What the browser adds to a presentation: swipes, remotes, full screen, and the step read out."""

from __future__ import annotations

import streamlit as st

_HTML = """
<button type="button">Full screen</button>
<p aria-live="polite"></p>
"""

_CSS = """
button {
  font: inherit; font-size: 0.875rem; color: inherit; background: none; border: none; padding: 0.4rem 0.6rem;
  border-radius: var(--st-button-radius); cursor: pointer;
}
button:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 2px; }
p { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0; }
"""

_JS = """
const SWIPE = 60, EDGE = 24  // a swipe from the edge is the browser's own
const REMOTE = { PageDown: "next", PageUp: "back" }

// The function below runs again with every step, so there is one state for the whole page: what listens is
// replaced, and a swipe in whose middle the page is drawn anew goes on.
const KEY = Symbol.for("presenter")
const state = document[KEY] || (document[KEY] = { start: null, listening: new AbortController() })

function press(name) {
  const button = document.querySelector(`.st-key-present_${name} button:not(:disabled)`)
  if (button) button.click()
}

function onKey(event) {
  if (!REMOTE[event.key]) return
  event.preventDefault()
  press(REMOTE[event.key])
}

function onTouch(event) {
  const touch = event.touches[0]
  const isOurs = event.touches.length === 1 && Math.min(touch.clientX, innerWidth - touch.clientX) > EDGE
  state.start = isOurs ? touch : null
}

function onRelease(event) {
  if (!state.start) return
  const across = event.changedTouches[0].clientX - state.start.clientX
  const down = event.changedTouches[0].clientY - state.start.clientY
  state.start = null
  if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(down)) press(across < 0 ? "next" : "back")
}

export default function ({ parentElement, data }) {
  const full = parentElement.querySelector("button")
  const words = parentElement.querySelector("p")
  if (words.textContent !== data.words) words.textContent = data.words
  full.hidden = !document.fullscreenEnabled
  full.onclick = () => {
    if (document.fullscreenElement) document.exitFullscreen()
    else document.documentElement.requestFullscreen()
  }
  state.listening.abort()
  const listening = (state.listening = new AbortController())
  const signal = listening.signal
  document.addEventListener("keydown", onKey, { signal })
  document.addEventListener("touchstart", onTouch, { signal, passive: true })
  document.addEventListener("touchend", onRelease, { signal, passive: true })
  return () => listening.abort()
}
"""

_component = st.components.v2.component("presenter", html=_HTML, css=_CSS, js=_JS)


def show(words: str) -> None:
    """Show the button for full screen; ``words`` name the step, for screen readers."""
    _component(key="presenter", data={"words": words}, width="content", height="content")
