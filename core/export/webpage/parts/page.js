// What a person sees: images are chosen, dropped or filmed, and answered in words with bars.

const facts = JSON.parse(document.getElementById("facts").textContent);
const names = facts.class_names, size = facts.size, BARS = 4, THUMBNAIL = 320, SHOWN = 30;
const find = (id) => document.getElementById(id);
const bytesOf = (id) => {
  const element = find(id);
  const bytes = Uint8Array.from(atob(element.textContent.trim()), (letter) => letter.charCodeAt(0));
  element.remove();
  return bytes;
};

let predict;
const ready = (async () => {
  await startRuntime(bytesOf("kernels"));
  predict = openNetwork(facts.network, bytesOf("weights"), size);
  await predict(new Uint8Array(size * size * 3));
})();

const read = async (file) => fit(await decode(file, size, facts.max_pixels), size, facts.resize);

function percent(share) {
  const rounded = Math.round(100 * share);
  if (rounded === 100 && share < 1) return "over 99%";
  return rounded === 0 && share > 0 ? "under 1%" : `${rounded}%`;
}

function bars(probabilities, list, isSteady) {
  const order = [...probabilities.keys()].sort((one, other) => probabilities[other] - probabilities[one]);
  let shown = order.slice(0, BARS);
  if (isSteady) shown = shown.sort((one, other) => one - other);
  while (list.children.length < shown.length) list.append(find("bar").content.cloneNode(true));
  shown.forEach((index, row) => {
    const item = list.children[row];
    item.classList.toggle("best", index === order[0]);
    item.querySelector(".class").textContent = names[index];
    item.querySelector(".share").textContent = percent(probabilities[index]);
    item.querySelector(".fill").style.width = `${100 * probabilities[index]}%`;
  });
  return order[0];
}

function say(text) {
  find("message").textContent = text;
  find("message").hidden = !text;
}

async function answer(files) {
  say("");
  const faults = [];
  for (const file of files) {
    try {
      await ready;
      const pixels = await read(file);
      await show(file, await predict(pixels.data));
    } catch (fault) {
      faults.push(`${file.name}: ${fault.message}`);
    }
  }
  say(faults.join("\n"));
}

async function show(file, probabilities) {
  const card = find("card").content.cloneNode(true).firstElementChild;
  const best = bars(probabilities, card.querySelector(".bars"), false);
  card.querySelector(".answer").textContent = names[best];
  card.querySelector(".sentence").textContent = `Confidence ${percent(probabilities[best])}`;
  card.querySelector(".file").textContent = file.name;
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, THUMBNAIL / Math.max(bitmap.width, bitmap.height));
  const canvas = card.querySelector("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.setAttribute("aria-label", file.name);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  find("answers").prepend(card);
  while (find("answers").children.length > SHOWN) find("answers").lastElementChild.remove();
}

let stream = null;

async function toggleCamera() {
  if (stream) return stopCamera();
  say("");
  find("camera").disabled = true; // a second press would open it twice
  try {
    await ready;
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: find("facing").value } });
  } catch {
    say(
      "The camera is not available: allow it in the browser, or choose a photo instead. " +
        "Some phones give no camera to a page that was opened as a file.",
    );
    return;
  } finally {
    find("camera").disabled = false;
  }
  stream.getTracks().forEach((track) => track.addEventListener("ended", stopCamera)); // when it is unplugged
  const video = find("video");
  video.srcObject = stream;
  // A camera that faces the person is shown as a mirror; the model sees the image as it is.
  const settings = stream.getVideoTracks()[0].getSettings();
  video.classList.toggle("mirrored", settings.facingMode !== "environment");
  await video.play();
  find("live").hidden = false;
  find("live").scrollIntoView({ block: "nearest" });
  find("camera").textContent = "Stop the camera";
  while (stream) {
    await answerFrame(video);
    await new Promise(requestAnimationFrame);
  }
}

async function answerFrame(video) {
  const image = pixelsOf(video, video.videoWidth, video.videoHeight);
  const probabilities = await predict(fit(image, size, facts.resize).data);
  if (!stream) return;
  const best = bars(probabilities, find("live-bars"), true);
  find("live-answer").textContent = names[best];
}

function stopCamera() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  stream = null;
  find("video").srcObject = null;
  find("live").hidden = true;
  find("camera").textContent = "Use the camera";
}

find("choose").addEventListener("change", async (event) => {
  await answer([...event.target.files]);
  event.target.value = ""; // so that the same file can be chosen again
});
find("camera").addEventListener("click", toggleCamera);
find("facing").addEventListener("change", async () => {
  if (!stream) return;
  stopCamera();
  await toggleCamera();
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  answer([...event.dataTransfer.files]);
});

ready.then(
  () => (find("state").textContent = "Ready. Nothing leaves this device."),
  (fault) => {
    find("state").textContent = `It cannot start: ${fault.message}`;
    find("state").classList.add("failed");
  },
);

// What the export is tried by, before anyone gets this page.
globalThis.imageClassifier = { ready, read, fit, predict: (pixels) => predict(pixels) };
