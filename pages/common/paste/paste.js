// Takes images from the clipboard: with Ctrl+V anywhere on the page, or with the button.

const pasters = new WeakMap()

export default function (component) {
  const { parentElement, data, setStateValue } = component
  let paster = pasters.get(parentElement)
  if (!paster) {
    paster = create(parentElement)
    pasters.set(parentElement, paster)
  }
  paster.send = setStateValue
  paster.maxBytes = data.maxBytes
  paster.maxImages = data.maxImages
  paster.number = Math.max(paster.number, data.taken)
  return () => document.removeEventListener("paste", paster.onPaste)
}

function create(root) {
  const button = root.querySelector("button")
  const paster = { number: 0, maxBytes: 0, maxImages: 0 }

  async function hand(files) {
    if (!files.length) return paster.send("fault", { name: "nothing", at: Date.now() })
    if (files.length > paster.maxImages) return paster.send("fault", { name: "many", at: Date.now() })
    if (files.some((file) => file.size > paster.maxBytes)) {
      return paster.send("fault", { name: "large", at: Date.now() })
    }
    const images = await Promise.all(files.map(read))
    paster.number += 1
    paster.send("fault", null)
    paster.send("pasted", { number: paster.number, images })
  }

  paster.onPaste = (event) => {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"))
    if (!files.length) return  // text, which belongs to a field
    event.preventDefault()
    hand(files)
  }
  document.addEventListener("paste", paster.onPaste)

  button.hidden = !(navigator.clipboard && navigator.clipboard.read)
  button.onclick = async () => {
    try {
      const items = await navigator.clipboard.read()
      const blobs = items.map((item) => {
        const type = item.types.find((one) => one.startsWith("image/"))
        return type ? item.getType(type) : null
      })
      hand(await Promise.all(blobs.filter(Boolean)))
    } catch (error) {
      paster.send("fault", { name: error.name === "NotAllowedError" ? "denied" : "nothing", at: Date.now() })
    }
  }
  return paster
}

function read(file) {
  return new Promise((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve({ name: file.name || "", content: reader.result.split(",")[1] || "" })
    reader.readAsDataURL(file)
  })
}
