// A map lives as long as its element. New data for the same map, such as after a changed label, keep the view and
// what was selected.

const maps = new WeakMap()

export default function (component) {
  const { parentElement, data, setStateValue, setTriggerValue } = component
  if (!maps.has(parentElement)) maps.set(parentElement, new ImageMap(parentElement))
  const map = maps.get(parentElement)
  map.send = (ids) => setStateValue("selected", ids)
  map.open = (id) => setTriggerValue("opened", id)
  map.take(data)
  return () => map.observer.disconnect()
}

class ImageMap {
  constructor(root) {
    this.get = (name) => root.querySelector(name)
    this.stage = this.get(".stage")
    this.canvas = this.get(".stage > canvas")
    Object.assign(this, { data: null, mode: null, only: null, selected: new Set(), matches: [], hovered: -1 })
    Object.assign(this, { asImages: false, drawsAreas: false, path: null, sheet: null, isWaiting: false })
    this.view = new View(() => this.viewChanged())
    this.painter = new Painter(this, this.canvas, root.host ?? root)
    watchPointers(this, this.canvas)
    this.connectControls()
    this.observer = new ResizeObserver(() => {
      Object.assign(this.view, { width: this.stage.clientWidth, height: this.stage.clientHeight })
      this.painter.resize()
      this.painter.draw()
    })
    this.observer.observe(this.stage)
  }

  at(i) { return [this.view.toX(this.data.x[i]), this.view.toY(this.data.y[i])] }
  all() { return this.data.order.filter((i) => this.isShown(i)) }

  isShown(i) {
    if (this.only === null) return true
    return this.only === "mark" ? Boolean(this.data.marked[i]) : this.mode.values[i] === this.only
  }

  redraw() {
    if (this.isWaiting) return
    this.isWaiting = true
    requestAnimationFrame(() => {
      this.isWaiting = false
      this.painter.draw()
    })
  }

  viewChanged() {
    // At first a finger on the map scrolls the page.
    this.canvas.style.touchAction = this.view.zoom > 1 || this.drawsAreas ? "none" : "pan-y"
    this.redraw()
  }

  select(rows) {
    this.selected = new Set(rows)
    this.send(rows.map((i) => this.data.ids[i]))
    this.redraw()
  }

  selectInView() {
    this.select(this.all().filter((i) => this.view.holds(...this.at(i))))
  }

  hover(i) {
    this.canvas.classList.toggle("over", i >= 0 && !this.drawsAreas)
    if (i === this.hovered) return
    this.hovered = i
    this.get(".card").hidden = i < 0
    if (i >= 0) this.showCard(i)
    this.redraw()
  }

  showCard(i) {
    const card = this.get(".card")
    const thumb = card.querySelector("canvas")
    thumb.hidden = !this.sheet
    if (this.sheet) this.painter.copyFromSheet(thumb.getContext("2d"), i, 0, 0, thumb.width)
    card.querySelector("strong").textContent = this.data.labels[i]
    card.querySelector("span").textContent = this.data.notes[i]
    const [px, py] = this.at(i)
    const { width, height } = this.view
    card.style.left = `${px + 180 > width ? Math.max(px - 176, 0) : px + 16}px`
    card.style.top = `${Math.min(Math.max(py - 90, 4), Math.max(height - card.offsetHeight - 4, 4))}px`
  }

  connectControls() {
    const whole = { x: 0, y: 0, zoom: 1 }
    const press = (event, isOn) => {
      event.currentTarget.setAttribute("aria-pressed", String(isOn))
      return isOn
    }
    this.get(".in").onclick = () => this.view.zoomBy(1.6)
    this.get(".out").onclick = () => this.view.zoomBy(1 / 1.6)
    this.get(".whole").onclick = () => this.view.flyTo(whole)
    this.get(".view").onclick = () => this.selectInView()
    this.get(".thumbs").onclick = (event) => {
      this.asImages = press(event, !this.asImages)
      this.redraw()
    }
    this.get(".lasso").onclick = (event) => {
      this.drawsAreas = press(event, !this.drawsAreas)
      this.canvas.classList.toggle("area", this.drawsAreas)
      this.viewChanged()
    }
    this.get(".by").onchange = (event) => this.colourBy(Number(event.target.value))
    this.get(".find").oninput = () => this.find()
    this.get(".find").onkeydown = (event) => {
      if (event.key !== "Enter" || !this.matches.length) return
      const { x, y } = this.data
      this.view.flyToPoints(this.matches.map((i) => x[i]), this.matches.map((i) => y[i]))
      this.select(this.matches)
    }
  }

  colourBy(index) {
    this.mode = this.data.modes[index]
    this.only = null
    this.fillLegend()
    this.redraw()
  }

  find() {
    const { order, files, ids } = this.data
    const wanted = this.get(".find").value.trim().toLowerCase()
    const isMeant = (i) => files[i].toLowerCase().includes(wanted) || ids[i] === wanted
    this.matches = wanted ? order.filter(isMeant) : []
    this.get(".found").textContent = wanted ? `${this.matches.length.toLocaleString("en")} found` : ""
    this.redraw()
  }

  fillLegend() {
    const entries = this.mode.categories.map((category, index) => {
      const dot = document.createElement("i")
      dot.style.borderColor = this.painter.colour(category)
      if (!category.hollow) dot.style.background = this.painter.colour(category)
      return category.count ? [this.legendButton(dot, category.name, category.count, index)] : []
    })
    const marked = this.data.marked.filter(Boolean).length
    const mark = document.createElement("i")
    mark.className = "mark"
    const suspected = marked ? [this.legendButton(mark, "label suspected", marked, "mark")] : []
    this.get(".legend").replaceChildren(...entries.flat(), ...suspected)
  }

  legendButton(dot, name, count, value) {
    const button = document.createElement("button")
    button.type = "button"
    button.setAttribute("aria-pressed", String(this.only === value))
    button.append(dot, `${name} ${count.toLocaleString("en")}`)
    button.onclick = () => {
      this.only = this.only === value ? null : value
      for (const other of this.get(".legend").children) other.setAttribute("aria-pressed", "false")
      button.setAttribute("aria-pressed", String(this.only === value))
      this.redraw()
    }
    return button
  }

  take(data) {
    this.painter.readTheme()
    if (data.revision !== this.data?.revision) {
      const isAnother = data.key !== this.data?.key
      const kept = isAnother ? [] : [...this.selected].map((i) => this.data.ids[i])
      const place = new Map(data.ids.map((id, i) => [id, i]))
      // One order for all drawing that favours no class: the ids are hashes.
      const order = data.ids.map((_, i) => i).sort((a, b) => (data.ids[a] < data.ids[b] ? -1 : 1))
      this.data = { ...data, order }
      this.selected = new Set(kept.map((id) => place.get(id)).filter((i) => i !== undefined))
      this.hover(-1)
      if (isAnother) this.begin()
      this.colourBy(Number(this.get(".by").value))
      this.find()
    }
    this.fillLegend()
    this.redraw()
  }

  begin() {
    const { modes, sheet, description } = this.data
    this.get(".by").replaceChildren(...modes.map(({ name }, index) => new Option(name, index)))
    this.canvas.setAttribute("aria-label", description)
    this.get(".thumbs").disabled = !sheet
    this.sheet = null
    this.view.moveTo({ x: 0, y: 0, zoom: 1 })
    if (!sheet) return
    const image = new Image()
    image.onload = () => {
      this.sheet = image
      this.redraw()
    }
    image.src = `data:image/jpeg;base64,${sheet}`
  }
}
