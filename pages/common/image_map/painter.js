// Draws points, thumbnails, marks and names. Points of one colour are stamped from one small drawing, so that
// thousands of them pan smoothly.

const MAX_RINGS = 200

class Painter {
  constructor(map, canvas, host) {
    Object.assign(this, { map, canvas, host, context: canvas.getContext("2d"), theme: {}, dots: [], thumbs: [] })
  }

  readTheme() {
    const style = getComputedStyle(this.host)
    const value = (name) => style.getPropertyValue(name).trim()
    const back = value("--st-secondary-background-color")
    this.theme = { text: value("--st-text-color"), back, font: value("--st-font"), dark: luminance(back) < 0.5 }
    this.dots = []
  }

  resize() {
    const { view } = this.map
    const ratio = devicePixelRatio || 1
    this.canvas.width = view.width * ratio
    this.canvas.height = view.height * ratio
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0)
  }

  colour(category) {
    return this.theme.dark ? category.dark : category.light
  }

  get radius() {
    const { data, view } = this.map
    const usual = data.ids.length < 800 ? 4.5 : data.ids.length < 2500 ? 3.4 : 2.7
    return Math.min(usual * Math.min(Math.sqrt(view.width / 700), 1) * view.zoom ** 0.35, 9)
  }

  get thumbSide() {
    return Math.min(26 * this.map.view.zoom ** 0.45, 110)
  }

  draw() {
    const { map, context } = this
    if (!map.data || map.view.width < 2) return
    context.clearRect(0, 0, map.view.width, map.view.height)
    if (this.dots.radius !== this.radius || this.dots.mode !== map.mode) this.makeDots()
    const rows = map.data.order.filter((i) => map.view.holds(...map.at(i), 60))
    this.thumbs = map.asImages && map.sheet ? this.thinned(rows) : []
    this.drawDots(rows)
    for (const i of [...this.thumbs].reverse()) this.drawThumb(i)
    this.drawMarks(rows)
    this.drawNames()
    if (map.path) this.drawPath(map.path)
  }

  makeDots() {
    const [ratio, radius] = [devicePixelRatio || 1, this.radius]
    this.dots = this.map.mode.categories.map((category) => {
      const dot = document.createElement("canvas")
      dot.width = dot.height = Math.ceil(2 * (radius + 2) * ratio)
      const pen = dot.getContext("2d")
      pen.setTransform(ratio, 0, 0, ratio, (radius + 2) * ratio, (radius + 2) * ratio)
      const circle = (r) => { pen.beginPath(); pen.arc(0, 0, r, 0, 2 * Math.PI) }
      pen.fillStyle = this.theme.back
      circle(radius + 0.6)
      pen.fill()
      pen.fillStyle = pen.strokeStyle = this.colour(category)
      pen.lineWidth = Math.max(radius * 0.55, 1.4)
      circle(category.hollow ? radius - 0.6 : radius)
      category.hollow ? pen.stroke() : pen.fill()
      return dot
    })
    Object.assign(this.dots, { radius, mode: this.map.mode })
  }

  drawDots(rows) {
    const { map, context, dots } = this
    const hidden = new Set(this.thumbs)
    const half = dots.radius + 2
    for (const front of [false, true]) {
      for (const i of rows) {
        const inFront = map.isShown(i) && (!map.selected.size || map.selected.has(i))
        if (inFront !== front || hidden.has(i)) continue
        const [px, py] = map.at(i)
        context.globalAlpha = inFront ? 0.92 : map.isShown(i) ? 0.3 : 0.08
        context.drawImage(dots[map.mode.values[i]], px - half, py - half, 2 * half, 2 * half)
      }
    }
    context.globalAlpha = 1
  }

  // As many thumbnails as there is room for, always the same ones first; the others stay points.
  thinned(rows) {
    const { map } = this
    const side = this.thumbSide + 3
    const cells = new Map()
    const isFree = (i) => {
      const [px, py] = map.at(i)
      const [column, line] = [Math.floor(px / side), Math.floor(py / side)]
      for (let c = column - 1; c <= column + 1; c++) {
        for (let l = line - 1; l <= line + 1; l++) {
          const taken = cells.get(c * 10000 + l)
          if (taken && Math.abs(taken[0] - px) < side && Math.abs(taken[1] - py) < side) return false
        }
      }
      cells.set(column * 10000 + line, [px, py])
      return true
    }
    const found = new Set(map.matches)
    const comesFirst = (i) => map.selected.has(i) || found.has(i)
    const wanted = rows.filter((i) => map.isShown(i))
    return [...wanted.filter(comesFirst), ...wanted.filter((i) => !comesFirst(i))].filter(isFree)
  }

  drawThumb(i) {
    const { map, context } = this
    const side = this.thumbSide
    const [left, top] = map.at(i).map((middle) => middle - side / 2)
    context.globalAlpha = map.selected.size && !map.selected.has(i) ? 0.35 : 1
    context.fillStyle = this.colour(map.mode.categories[map.mode.values[i]])
    context.fillRect(left - 2, top - 2, side + 4, side + 4)
    this.copyFromSheet(context, i, left, top, side)
    context.globalAlpha = 1
  }

  copyFromSheet(pen, i, left, top, side) {
    const { tiles, side: from, columns } = this.map.data
    const [column, line] = [tiles[i] % columns, Math.floor(tiles[i] / columns)]
    pen.imageSmoothingQuality = "high"
    pen.drawImage(this.map.sheet, column * from, line * from, from, from, left, top, side, side)
  }

  drawMarks(rows) {
    const { map, context } = this
    const reach = this.thumbs.length ? 5 : this.dots.radius + 3.5
    context.strokeStyle = this.theme.text
    context.lineWidth = 1.6
    for (const i of rows.filter((i) => map.data.marked[i] && map.isShown(i))) {
      const [px, py] = map.at(i)
      context.beginPath()
      for (const [dx, dy] of [[0, -reach], [reach, 0], [0, reach], [-reach, 0]]) context.lineTo(px + dx, py + dy)
      context.closePath()
      context.stroke()
    }
    context.lineWidth = 2.5
    for (const i of [...map.matches.slice(0, MAX_RINGS), ...(map.hovered < 0 ? [] : [map.hovered])]) {
      context.beginPath()
      context.arc(...map.at(i), this.dots.radius + 6, 0, 2 * Math.PI)
      context.stroke()
    }
  }

  drawNames() {
    const { map, context } = this
    const taken = []
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 5 })
    context.font = `600 13px ${this.theme.font}`
    for (const { name, x, y } of map.data.names) {
      const [px, py, half] = [map.view.toX(x), map.view.toY(y), context.measureText(name).width / 2 + 6]
      const overlaps = ([qx, qy, other]) => Math.abs(px - qx) < half + other && Math.abs(py - qy) < 20
      if (px < half || px > map.view.width - half || !map.view.holds(px, py, -12) || taken.some(overlaps)) continue
      taken.push([px, py, half])
      context.strokeStyle = this.theme.back
      context.strokeText(name, px, py)
      context.fillStyle = this.theme.text
      context.fillText(name, px, py)
    }
  }

  drawPath(path) {
    const { context } = this
    context.beginPath()
    for (const [px, py] of path) context.lineTo(px, py)
    context.closePath()
    Object.assign(context, { lineWidth: 1.5, strokeStyle: this.theme.text, fillStyle: this.theme.text })
    context.globalAlpha = 0.12
    context.fill()
    context.globalAlpha = 1
    context.stroke()
  }
}

function luminance(colour) {
  const context = document.createElement("canvas").getContext("2d")
  context.fillStyle = colour
  context.fillRect(0, 0, 1, 1)
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data
  return (0.3 * red + 0.6 * green + 0.1 * blue) / 255
}
