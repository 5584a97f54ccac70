// Read an image as training did: upright, on white, and resized as Pillow does it, in the same integers.
// An image is {width, height, data}, three bytes per pixel.

const PRECISION = 22; // bits behind the point in Pillow's weights of pixels, see its Resample.c
const STRIP = 4_000_000; // pixels taken from a canvas at once: phones allow no larger ones

async function decode(file, size, maxPixels) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Error("this browser cannot read it as an image");
  }
  try {
    if (bitmap.width * bitmap.height > maxPixels) throw new Error("it has too many pixels; reduce it first");
    const image = pixelsOf(bitmap, bitmap.width, bitmap.height);
    const start = new Uint8Array(await file.slice(0, 3).arrayBuffer());
    const isJpeg = start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff;
    return isJpeg ? draft(image, size) : image;
  } finally {
    bitmap.close();
  }
}

// What a bitmap or a video shows, transparent areas on white.
function pixelsOf(source, width, height) {
  const data = new Uint8Array(width * height * 3);
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP / width)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height: rows });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0, target = 0; top < height; top += rows) {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, rows);
    context.drawImage(source, 0, -top);
    const part = context.getImageData(0, 0, width, Math.min(rows, height - top)).data;
    for (let index = 0; index < part.length; index += 4) {
      data[target++] = part[index];
      data[target++] = part[index + 1];
      data[target++] = part[index + 2];
    }
  }
  canvas.width = canvas.height = 0; // frees its memory at once
  return { width, height, data };
}

// Training reads a large JPEG at a half, a quarter or an eighth of its size, where that is still enough.
function draft(image, size) {
  const scale = Math.min(Math.floor(image.width / size), Math.floor(image.height / size));
  const factor = [8, 4, 2, 1].find((one) => scale >= one) || 1;
  return factor === 1 ? image : reduce(image, factor, factor, [0, 0, image.width, image.height]);
}

// The whole image as a square of size x size pixels: stretched, its centre cropped, or padded with black bars.
function fit(image, size, resize) {
  const gap = resize.reducing_gap;
  if (resize.method === "pad") {
    const scale = size / Math.max(image.width, image.height);
    const width = Math.max(1, roundHalfToEven(image.width * scale));
    const height = Math.max(1, roundHalfToEven(image.height * scale));
    const inner = resizeTo(image, width, height, [0, 0, image.width, image.height], gap);
    const square = { width: size, height: size, data: new Uint8Array(size * size * 3) };
    const left = Math.floor((size - width) / 2), top = Math.floor((size - height) / 2);
    for (let y = 0; y < height; y++) {
      const row = inner.data.subarray(y * width * 3, (y + 1) * width * 3);
      square.data.set(row, ((top + y) * size + left) * 3);
    }
    return square;
  }
  let box = [0, 0, image.width, image.height];
  if (resize.method === "crop") {
    const side = Math.min(image.width, image.height);
    const left = (image.width - side) / 2, top = (image.height - side) / 2;
    box = [left, top, left + side, top + side];
  }
  return resizeTo(image, size, size, box, gap);
}

// Pillow's resize(), bilinear with antialiasing, after reduce() to about ``gap`` times the size.
function resizeTo(image, width, height, box, gap) {
  const factorX = Math.max(1, Math.floor((box[2] - box[0]) / width / gap));
  const factorY = Math.max(1, Math.floor((box[3] - box[1]) / height / gap));
  if (factorX > 1 || factorY > 1) {
    const aroundX = (0.5 * (box[2] - box[0])) / width, aroundY = (0.5 * (box[3] - box[1])) / height;
    const safe = [
      Math.max(0, Math.trunc(box[0] - aroundX)),
      Math.max(0, Math.trunc(box[1] - aroundY)),
      Math.min(image.width, Math.ceil(box[2] + aroundX)),
      Math.min(image.height, Math.ceil(box[3] + aroundY)),
    ];
    image = reduce(image, factorX, factorY, safe);
    box = box.map((edge, index) => (edge - safe[index % 2]) / (index % 2 ? factorY : factorX));
  }
  const [left, top, right, bottom] = box.map(Math.fround);
  const across = shares(image.width, left, right, width), down = shares(image.height, top, bottom, height);
  // Which way comes first decides about roundings; Pillow takes the vertical one where the image is tall.
  const isTall = image.height > height && image.height - height > 2 * (image.width - width);
  if (isTall) return horizontally(vertically(image, down, height), across, width);
  return vertically(horizontally(image, across, width), down, height);
}

// For each target pixel the first pixel it is mixed from, and the weight of that one and of those after it.
function shares(length, start, end, target) {
  const scale = Math.fround(end - start) / target, support = Math.max(scale, 1);
  return Array.from({ length: target }, (_, index) => {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(length, Math.trunc(centre + support + 0.5));
    const weights = [];
    for (let at = first; at < last; at++) {
      weights.push(Math.max(0, 1 - Math.abs((at - centre + 0.5) * (1 / support))));
    }
    const sum = weights.reduce((one, other) => one + other, 0);
    return { first, weights: Int32Array.from(weights, (one) => Math.trunc(0.5 + (one / sum) * 2 ** PRECISION)) };
  });
}

function horizontally(image, across, width) {
  const data = new Uint8Array(width * image.height * 3);
  for (let y = 0, target = 0; y < image.height; y++) {
    for (const { first, weights } of across) {
      const start = (y * image.width + first) * 3;
      for (let channel = 0; channel < 3; channel++) data[target++] = mixed(image.data, start + channel, 3, weights);
    }
  }
  return { width, height: image.height, data };
}

function vertically(image, down, height) {
  const stride = image.width * 3, data = new Uint8Array(height * stride);
  for (let y = 0, target = 0; y < height; y++) {
    const { first, weights } = down[y];
    for (let x = 0; x < stride; x++) data[target++] = mixed(image.data, first * stride + x, stride, weights);
  }
  return { width: image.width, height, data };
}

function mixed(data, start, step, weights) {
  let sum = 1 << (PRECISION - 1);
  for (let index = 0; index < weights.length; index++) sum += data[start + index * step] * weights[index];
  return Math.min(255, Math.max(0, sum >> PRECISION));
}

// Pillow's reduce(): the mean of blocks, the last ones as far as the box reaches.
function reduce(image, factorX, factorY, [left, top, right, bottom]) {
  const width = Math.ceil((right - left) / factorX), height = Math.ceil((bottom - top) / factorY);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, target = 0; y < height; y++) {
    const endY = Math.min(bottom, top + (y + 1) * factorY);
    for (let x = 0; x < width; x++) {
      const startX = left + x * factorX, endX = Math.min(right, startX + factorX);
      const count = (endX - startX) * (endY - top - y * factorY);
      const inverse = Math.trunc(Math.fround(2 ** 32 / (256 * count)));
      for (let channel = 0; channel < 3; channel++) {
        let sum = Math.trunc(count / 2);
        for (let row = top + y * factorY; row < endY; row++) {
          const end = (row * image.width + endX) * 3;
          for (let at = (row * image.width + startX) * 3 + channel; at < end; at += 3) sum += image.data[at];
        }
        data[target++] = Math.floor((sum * inverse) / 2 ** 24);
      }
    }
  }
  return { width, height, data };
}

function roundHalfToEven(value) {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
