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
const SWIPE = 60
const REMOTE = { PageDown: "next", PageUp: "back" }
const PATIENCE = 20, PAUSE = 50

// Kept while the page is drawn anew, which may happen in the middle of a swipe.
let start = null

// The button is missing for a moment while the page is drawn anew.
function press(name, patience = PATIENCE) {
  const button = document.querySelector(`.st-key-present_${name} button`)
  if (button) button.click()  // a disabled one ignores it
  else if (patience) setTimeout(press, PAUSE, name, patience - 1)
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
  const onKey = (event) => {
    if (!REMOTE[event.key]) return
    event.preventDefault()
    press(REMOTE[event.key])
  }
  const onTouch = (event) => { start = event.touches.length === 1 ? event.touches[0] : null }
  const onRelease = (event) => {
    if (!start) return
    const across = event.changedTouches[0].clientX - start.clientX
    const down = event.changedTouches[0].clientY - start.clientY
    start = null
    if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(down)) press(across < 0 ? "next" : "back")
  }
  const listeners = { keydown: onKey, touchstart: onTouch, touchend: onRelease }
  for (const [name, listener] of Object.entries(listeners)) {
    document.addEventListener(name, listener, { passive: name !== "keydown" })
  }
  return () => {
    for (const [name, listener] of Object.entries(listeners)) {
      document.removeEventListener(name, listener)
    }
  }
}
"""

_component = st.components.v2.component("presenter", html=_HTML, css=_CSS, js=_JS)


def show(words: str) -> None:
    """Show the button for full screen; ``words`` name the step, for screen readers."""
    _component(key="presenter", data={"words": words}, width="content", height="content")
