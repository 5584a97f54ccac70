// Sends a photo every so often, the next one once the last has been dealt with.

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
  return () => camera.device.stop()
}

function create(root) {
  const camera = { sent: 0, sentAt: 0, answered: 0 }
  const device = createDevice(root, (fault) => camera.send("fault", fault))
  camera.device = device

  device.changed = () => {
    clearInterval(camera.timer)
    if (device.stream) camera.timer = setInterval(photograph, camera.interval)
  }

  function photograph() {
    const isAwaited = camera.sent > camera.answered && Date.now() - camera.sentAt < PATIENCE
    const jpeg = isAwaited ? null : device.photo(camera.side)
    if (!jpeg) return
    camera.sent = Math.max(camera.sent, camera.answered) + 1
    camera.sentAt = Date.now()
    camera.send("photo", { number: camera.sent, jpeg })
  }
  return camera
}
