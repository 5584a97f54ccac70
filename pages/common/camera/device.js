// The browser's camera: start, stop, turn, and a square photo of what it shows.

const FAULTS = {
  NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none",
  OverconstrainedError: "none", NotReadableError: "busy",
}

function createDevice(root, report) {
  const video = root.querySelector("video")
  const button = root.querySelector("button.start")
  const turn = root.querySelector("button.turn")
  const canvas = document.createElement("canvas")
  const device = { stream: null, starting: false, faces: "user", changed: () => {} }

  device.stop = () => {
    if (device.stream) device.stream.getTracks().forEach((track) => track.stop())
    device.stream = null
    video.srcObject = null
    button.textContent = "Start camera"
    turn.hidden = true
    device.changed()
  }

  device.start = async () => {
    if (!navigator.mediaDevices) return report("insecure")
    device.starting = true
    try {
      device.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: device.faces } })
    } catch (error) {
      return report(FAULTS[error.name] || "failed")
    } finally {
      device.starting = false
    }
    report("")
    video.srcObject = device.stream
    video.classList.toggle("mirrored", device.faces === "user")
    await video.play()
    button.textContent = "Stop camera"
    const devices = await navigator.mediaDevices.enumerateDevices()
    turn.hidden = devices.filter((one) => one.kind === "videoinput").length < 2
    device.stream.getVideoTracks()[0].onended = () => {
      device.stop()
      report("none")
    }
    device.changed()
  }

  device.photo = (side) => {
    if (!device.stream || !video.videoWidth || document.hidden) return null
    const square = Math.min(video.videoWidth, video.videoHeight)
    const left = (video.videoWidth - square) / 2
    const top = (video.videoHeight - square) / 2
    canvas.width = canvas.height = side
    canvas.getContext("2d").drawImage(video, left, top, square, square, 0, 0, side, side)
    return canvas.toDataURL("image/jpeg", 0.9).split(",")[1]
  }

  button.onclick = () => {
    if (device.stream) device.stop()
    else if (!device.starting) device.start()
  }
  turn.onclick = () => {
    device.faces = device.faces === "user" ? "environment" : "user"
    device.stop()
    device.start()
  }
  return device
}
