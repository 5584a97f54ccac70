// What part of a map is seen: positions on the map, from -1 to 1, become pixels of the canvas and back.

const MAX_ZOOM = 40
const calm = matchMedia("(prefers-reduced-motion: reduce)")

class View {
  constructor(onchange) {
    Object.assign(this, { x: 0, y: 0, zoom: 1, width: 1, height: 1, onchange })
  }

  get unit() { return 0.46 * Math.min(this.width, this.height) * this.zoom }
  get across() { return this.unit * Math.min(Math.max(this.width / this.height, 1), 1.6) } // uses a wide screen
  toX(x) { return this.width / 2 + (x - this.x) * this.across }
  toY(y) { return this.height / 2 - (y - this.y) * this.unit }
  fromX(x) { return (x - this.width / 2) / this.across + this.x }
  fromY(y) { return (this.height / 2 - y) / this.unit + this.y }

  holds(px, py, margin = 0) {
    return px >= -margin && px <= this.width + margin && py >= -margin && py <= this.height + margin
  }

  zoomBy(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = [this.fromX(px), this.fromY(py)]
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MAX_ZOOM)
    this.moveTo({ x: this.x + x - this.fromX(px), y: this.y + y - this.fromY(py) })
  }

  panBy(dx, dy) {
    this.moveTo({ x: this.x - dx / this.across, y: this.y + dy / this.unit })
  }

  moveTo({ x, y, zoom = this.zoom }) {
    const within = (value) => (zoom === 1 ? 0 : Math.min(Math.max(value, -1.1), 1.1))
    Object.assign(this, { x: within(x), y: within(y), zoom })
    this.onchange()
  }

  flyTo(target) {
    const from = { x: this.x, y: this.y, zoom: this.zoom }
    const start = performance.now()
    const step = (now) => {
      const time = calm.matches ? 1 : Math.min(Math.max(now - start, 0) / 350, 1)
      const part = 1 - (1 - time) ** 3
      this.moveTo({
        x: from.x + (target.x - from.x) * part,
        y: from.y + (target.y - from.y) * part,
        zoom: time === 1 ? target.zoom : from.zoom * (target.zoom / from.zoom) ** part,
      })
      if (time < 1) requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }

  flyToPoints(xs, ys) {
    const ends = (values) => [Math.min(...values), Math.max(...values)]
    const [left, right] = ends(xs)
    const [low, high] = ends(ys)
    const size = Math.max(right - left, high - low, 0.2)
    this.flyTo({ x: (left + right) / 2, y: (low + high) / 2, zoom: Math.min(Math.max(1.4 / size, 1), 8) })
  }
}
