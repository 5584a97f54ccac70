// Mouse, fingers and keys on the canvas: one finger pans or draws an area, two zoom.

const REACH = 14 // pixels around a point in which the pointer is on it
const SLACK = 5 // pixels that a click may move

function watchPointers(map, canvas) {
  const { view } = map
  const down = new Map()
  let moved = false

  const position = (event) => {
    const box = canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  canvas.onpointerdown = (event) => {
    if (event.button) return
    canvas.setPointerCapture(event.pointerId)
    down.set(event.pointerId, position(event))
    moved = down.size > 1
    map.path = down.size === 1 && (map.drawsAreas || event.shiftKey) ? [position(event)] : null
  }

  canvas.onpointermove = (event) => {
    const now = position(event)
    const before = down.get(event.pointerId)
    if (!before) return map.hover(event.pointerType === "touch" ? -1 : pointAt(map, now))
    if (!moved && Math.hypot(now[0] - before[0], now[1] - before[1]) < SLACK) return
    moved = true
    map.hover(-1)
    if (map.path) {
      map.path.push(now)
      map.redraw()
    } else if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)[1]
      const distance = (point) => Math.max(Math.hypot(point[0] - other[0], point[1] - other[1]), 1)
      view.zoomBy(distance(now) / distance(before), ...other)
    } else if (view.zoom > 1) {
      view.panBy(now[0] - before[0], now[1] - before[1])
    }
    down.set(event.pointerId, now)
  }

  canvas.onpointerup = (event) => {
    if (!down.delete(event.pointerId)) return
    const area = moved ? map.path : null
    map.path = null
    if (area) return map.select(map.all().filter((i) => isInside(map.at(i), area)))
    if (moved) return map.redraw()
    const i = pointAt(map, position(event))
    if (i >= 0) map.open(map.data.ids[i])
    else if (map.selected.size) map.select([])
  }

  canvas.onpointercancel = (event) => {
    down.delete(event.pointerId)
    map.path = null
    map.redraw()
  }
  canvas.onpointerleave = () => map.hover(-1)

  canvas.addEventListener("wheel", (event) => {
    if (view.zoom === 1 && event.deltaY > 0) return // the page scrolls on
    event.preventDefault()
    map.hover(-1)
    view.zoomBy(Math.exp(-event.deltaY * 0.0016), ...position(event))
  }, { passive: false })

  canvas.onkeydown = (event) => {
    const act = {
      ArrowLeft: () => view.panBy(60, 0), ArrowRight: () => view.panBy(-60, 0),
      ArrowUp: () => view.panBy(0, 60), ArrowDown: () => view.panBy(0, -60),
      "+": () => view.zoomBy(1.4), "=": () => view.zoomBy(1.4), "-": () => view.zoomBy(1 / 1.4),
      0: () => view.flyTo({ x: 0, y: 0, zoom: 1 }),
      Enter: () => map.selectInView(), Escape: () => map.select([]),
    }[event.key]
    if (!act || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    act()
  }
}

function pointAt(map, [px, py]) {
  const half = map.painter.thumbSide / 2
  const onThumb = map.painter.thumbs.find((i) => {
    const [qx, qy] = map.at(i)
    return Math.abs(px - qx) <= half && Math.abs(py - qy) <= half
  })
  if (onThumb !== undefined) return onThumb
  let [best, least] = [-1, REACH ** 2]
  for (const i of map.all()) {
    const [qx, qy] = map.at(i)
    const distance = (px - qx) ** 2 + (py - qy) ** 2
    if (distance < least) [best, least] = [i, distance]
  }
  return best
}

// Whether a ray from the point to the right crosses the path's edges an odd number of times.
function isInside([px, py], path) {
  let inside = false
  for (let k = 0, j = path.length - 1; k < path.length; j = k++) {
    const [[ax, ay], [bx, by]] = [path[k], path[j]]
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}
