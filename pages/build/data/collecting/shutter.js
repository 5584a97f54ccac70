// A button per class: while it is held, ten photos per second are taken for that class, and sent in batches.
// A batch is sent once the one before is stored, and again if that is not heard of.

const shutters = new WeakMap()
const PATIENCE = 5000
const MAX_BATCH = 10

export default function (component) {
  const { parentElement, data, setStateValue } = component
  let shutter = shutters.get(parentElement)
  if (!shutter) {
    shutter = create(parentElement)
    shutters.set(parentElement, shutter)
  }
  shutter.send = setStateValue
  shutter.update(data)
  return () => shutter.close()
}

function create(root) {
  const row = root.querySelector(".classes")
  const buttons = new Map()
  const shutter = { data: null, sent: null, sentAt: 0, number: 0, waiting: [], held: null }
  const device = createDevice(root, (fault) => shutter.send("fault", fault))

  shutter.update = (data) => {
    shutter.data = data
    if (shutter.sent && data.stored >= shutter.sent.number) shutter.sent = null
    shutter.number = Math.max(shutter.number, data.stored)
    if (data.halted) {
      release()
      shutter.waiting = []
    }
    for (const [key, button] of buttons) {
      if (!data.classes.some((one) => one.key === key)) {
        button.remove()
        buttons.delete(key)
      }
    }
    for (const one of data.classes) {
      if (!buttons.has(one.key)) buttons.set(one.key, addButton(one.key))
    }
    label()
    flush()
  }

  shutter.close = () => {
    release()
    clearInterval(shutter.flushing)
    device.stop()
  }

  function addButton(key) {
    const button = document.createElement("button")
    button.type = "button"
    row.append(button)
    button.onpointerdown = (event) => {
      if (event.button !== 0) return
      button.setPointerCapture(event.pointerId)
      hold(key)
    }
    const end = () => shutter.held?.key === key && release()  // the focus leaves one button for another
    button.onpointerup = button.onpointercancel = button.onlostpointercapture = end
    button.onkeydown = (event) => {
      if (event.key !== " " && event.key !== "Enter") return
      event.preventDefault()
      if (!event.repeat) hold(key)
    }
    button.onkeyup = button.onblur = end
    button.oncontextmenu = (event) => event.preventDefault()
    return button
  }

  function hold(key) {
    if (!device.stream || shutter.held) return
    const random = crypto.getRandomValues(new Uint32Array(1))[0]
    shutter.held = { key, take: random.toString(16).padStart(8, "0") }
    take()
    shutter.taking = setInterval(take, shutter.data.interval)
  }

  function release() {
    clearInterval(shutter.taking)
    shutter.held = null
    label()
    flush()
  }

  function take() {
    const jpeg = device.photo(shutter.data.side)
    if (!jpeg) return
    shutter.waiting.push({ ...shutter.held, jpeg })
    label()
    flush()
  }

  function flush() {
    if (shutter.sent && Date.now() - shutter.sentAt < PATIENCE) return
    if (!shutter.sent) {
      if (!shutter.waiting.length) return
      const { key, take } = shutter.waiting[0]
      let size = shutter.waiting.findIndex((one) => one.take !== take)
      size = Math.min(size < 0 ? shutter.waiting.length : size, MAX_BATCH)
      const jpegs = shutter.waiting.splice(0, size).map((one) => one.jpeg)
      shutter.number += 1
      shutter.sent = { number: shutter.number, of: key, take, jpegs }
    }
    shutter.sentAt = Date.now()
    shutter.send("batch", { ...shutter.sent, at: shutter.sentAt })
  }

  function label() {
    if (!shutter.data) return
    for (const { key, label, count } of shutter.data.classes) {
      const button = buttons.get(key)
      const unsent = shutter.waiting.filter((one) => one.key === key).length
      const sent = shutter.sent && shutter.sent.of === key ? shutter.sent.jpegs.length : 0
      button.textContent = `Hold for ${label} · ${count + unsent + sent}`
      button.disabled = !device.stream
      button.classList.toggle("held", Boolean(shutter.held && shutter.held.key === key))
    }
  }

  device.changed = () => {
    if (!device.stream) release()
    label()
  }
  shutter.flushing = setInterval(flush, 500)
  return shutter
}
