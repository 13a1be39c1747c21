// The page that explores a server's models. It knows TensorFlow Serving's REST API and nothing of the models but what
// their metadata says: whatever has `decode` gets sliders, `sample` pictures, a plane a density, images a place to drop one.
//
// Another server, if it lets pages of others ask (CORS): ?server=http://HOST:PORT&model=NAME. What is chosen is kept in
// the address behind #, so that a link shows the same again.
"use strict";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const server = (query.get("server") || "").replace(/\/$/, "");
const SLIDERS = 32, SAMPLES = 16, CELLS = 48, RANGE = 3;
let state = {}, signatures = {}, kept = null, asked = {};

const tell = (text) => { $("told").textContent = text; };

async function get(path) {
  const response = await fetch(server + path);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

// The outputs of a signature, by name; null where a newer request to it has been made meanwhile.
async function predict(signature, given) {
  const turn = asked[signature] = (asked[signature] || 0) + 1;
  if (inputs(signature).label) given.label = Array(Object.values(given)[0].length).fill(state.label);
  const response = await fetch(`${server}/v1/models/${encodeURIComponent(state.model)}:predict`, {
    method: "POST", body: JSON.stringify({ signature_name: signature, inputs: given }),
  });
  const text = await response.text();
  // NaN and Infinity stand bare in the answers, which JSON does not know; in strings they do not occur here.
  const answer = JSON.parse(text.replace(/(?<=[\[,:\s])(-?)(NaN|Infinity)(?=[\],\s}])/g, "null"));
  if (!response.ok) throw new Error(answer.error || response.statusText);
  if (turn !== asked[signature]) return null;
  tell("");
  const names = Object.keys(signatures[signature].outputs);
  return names.length > 1 ? answer.outputs : { [names[0]]: answer.outputs };
}

const shape = (info) => info.tensor_shape.unknown_rank ? null : info.tensor_shape.dim.map((dim) => Number(dim.size));
const inputs = (signature) => signatures[signature] ? signatures[signature].inputs : {};
// The inputs but the class, which is that of the page for every row.
const unlabelled = (signature) => Object.entries(inputs(signature)).filter(([name]) => name !== "label");
const isImage = (value) => Array.isArray(value) && Array.isArray(value[0]) && Array.isArray(value[0][0])
  && !Array.isArray(value[0][0][0]) && [1, 3].includes(value[0][0].length);

function draw(canvas, image) {
  canvas.height = image.length;
  canvas.width = image[0].length;
  const pixels = new ImageData(canvas.width, canvas.height);
  image.flat().forEach((channels, index) => {
    for (let c = 0; c < 3; c++) pixels.data[4 * index + c] = 255 * (channels[c % channels.length] || 0);
    pixels.data[4 * index + 3] = 255;
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  canvas.dataset.sum = image.flat(2).reduce((sum, value, index) => (sum + (index % 97 + 1) * value) % 1e6, 0).toFixed(4);
}

function picture(image) {
  const canvas = document.createElement("canvas");
  draw(canvas, image);
  return canvas;
}

function remember() {
  const kept = { model: state.model, seed: state.seed, temperature: state.temperature };
  if (!$("classes").hidden) kept.label = state.label;
  if (state.latent) kept.latent = state.latent.map((value) => +value.toFixed(3)).join(",");
  history.replaceState(null, "", "#" + new URLSearchParams(kept));
}

// ------------------------------------------------------------------ codes

async function decode() {
  remember();
  state.latent.slice(0, SLIDERS).forEach((value, index) => {
    const slider = $(`z${index}`);
    slider.value = value;
    slider.nextElementSibling.textContent = value.toFixed(2);
  });
  const [[name]] = unlabelled("decode");
  const answer = await predict("decode", { [name]: [state.latent] });
  if (!answer) return;
  const [first] = Object.values(answer);
  $("decoded").hidden = !isImage(first[0]);
  if (isImage(first[0])) draw($("decoded"), first[0]);
  $("numbers").textContent = isImage(first[0]) ? "" : JSON.stringify(first[0]).slice(0, 600);
}

function makeSliders(size) {
  $("sliders").replaceChildren(...Array.from({ length: Math.min(size, SLIDERS) }, (_, index) => {
    const label = document.createElement("label"), slider = document.createElement("input");
    Object.assign(slider, { type: "range", id: `z${index}`, min: -RANGE, max: RANGE, step: 0.05, value: 0 });
    slider.addEventListener("input", () => { state.latent[index] = Number(slider.value); run(decode); });
    label.append(`z${index + 1}`, slider, document.createElement("output"));
    return label;
  }));
}

// One of a standard normal distribution, by Box and Muller.
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

// ------------------------------------------------------------------ samples

function seeds(count) {
  const given = { seed: Array.from({ length: count }, (_, index) => state.seed + index) };
  if (inputs("sample").temperature) given.temperature = Array(count).fill(state.temperature);
  return given;
}

async function sample() {
  remember();
  $("degrees").textContent = state.temperature;
  const answer = await predict("sample", seeds(SAMPLES));
  if (!answer) return;
  const rows = Object.values(answer)[0];
  if (isImage(rows[0])) $("samples").replaceChildren(...rows.map(picture));
  else await plane();
}

async function plane() {
  const [name] = Object.keys(inputs("log_prob"));
  const points = Object.values(await predict("sample", seeds(512)) || {})[0];
  if (!points || !name || points[0].length !== 2) return;
  const reach = Math.max(...points.flat().map(Math.abs)) * 1.2;
  const at = (index) => ((index + 0.5) / CELLS * 2 - 1) * reach;
  const grid = Array.from({ length: CELLS * 16 }, (_, index) => index);
  const heights = [];
  for (let top = 0; top < CELLS; top += 16) {  // a request has at most 1024 rows
    const rows = grid.map((index) => [at(index % CELLS), -at(top + Math.floor(index / CELLS))]);
    heights.push(...Object.values(await predict("log_prob", { [name]: rows }) || [[]])[0]);
  }
  const best = Math.max(...heights.filter((value) => value !== null));
  const image = Array.from({ length: CELLS }, (_, row) => Array.from({ length: CELLS }, (_, column) => {
    const light = Math.exp(0.5 * (heights[row * CELLS + column] ?? -1e9) - 0.5 * best);
    return [light, 0.7 * light, 0.4 + 0.2 * light];
  }));
  for (const [x, y] of points) {
    const column = Math.floor((x / reach + 1) / 2 * CELLS), row = Math.floor((1 - y / reach) / 2 * CELLS);
    if (image[row] && image[row][column]) image[row][column] = [1, 1, 1];
  }
  draw($("plane"), image);
}

// ------------------------------------------------------------------ images

// The one input of a signature that takes an image: [name, its shape, or null for a file's bytes].
function imageInput(signature) {
  const given = unlabelled(signature);
  if (given.length !== 1) return null;
  const [name, info] = given[0], sizes = shape(info);
  if (info.dtype === "DT_STRING" && name.endsWith("_bytes")) return [name, null];
  return info.dtype === "DT_FLOAT" && sizes && sizes.length === 4 && [1, 3].includes(sizes[3]) ? [name, sizes] : null;
}

async function ask(file) {
  const signature = $("signature").value, [name, sizes] = imageInput(signature);
  let value;
  if (sizes) {
    const bitmap = await createImageBitmap(file), canvas = document.createElement("canvas");
    canvas.height = sizes[1] > 0 ? sizes[1] : Math.min(bitmap.height, 256);
    canvas.width = sizes[2] > 0 ? sizes[2] : Math.min(bitmap.width, 256);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const pixel = (index) => {
      const [r, g, b] = bytes.slice(4 * index, 4 * index + 3);
      return sizes[3] === 3 ? [r / 255, g / 255, b / 255] : [(0.299 * r + 0.587 * g + 0.114 * b) / 255];
    };
    value = Array.from({ length: canvas.height }, (_, row) =>
      Array.from({ length: canvas.width }, (_, column) => pixel(row * canvas.width + column)));
  } else {
    const bytes = new Uint8Array(await file.arrayBuffer());
    value = { b64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
  }
  const answer = await predict(signature, { [name]: [value] });
  if (!answer) return;
  const shown = sizes ? [picture(value)] : [];
  for (const [output, rows] of Object.entries(answer)) {
    if (isImage(rows[0])) shown.push(picture(rows[0]));
    else {
      const text = document.createElement("pre");
      text.textContent = `${output}: ${JSON.stringify(rows[0]).slice(0, 600)}`;
      shown.push(text);
    }
  }
  $("answers").replaceChildren(...shown);
  if (answer.latent && state.latent && answer.latent[0].length === state.latent.length) {
    state.latent = answer.latent[0];
    await decode();
  }
}

// ------------------------------------------------------------------ the page

async function describe(model) {
  const told = await get(`/v1/models/${encodeURIComponent(model)}/metadata`);
  signatures = told.metadata.signature_def.signature_def;
}

// The first model that shows something before it is given an image, if there is one.
async function firstThatDraws(models) {
  for (const model of models) {
    await describe(model);
    if (inputs("sample").seed) return model;
  }
  return models[0];
}

async function choose(model, before = new URLSearchParams()) {
  state = { model, seed: Number(before.get("seed")) || 0, temperature: Number(before.get("temperature") ?? 1) };
  state.label = Number(before.get("label")) || 0;
  if (!before.has("temperature")) state.temperature = 1;
  asked = {};
  kept = null;
  $("seed").value = state.seed;
  $("temperature").value = state.temperature;
  $("label").value = state.label;
  $("between").disabled = true;
  await describe(model);
  const codes = unlabelled("decode"), sizes = codes.length === 1 ? shape(codes[0][1]) : null;
  const images = Object.keys(signatures).filter((name) => name !== "serving_default" && imageInput(name)).sort();
  const points = Object.values(inputs("log_prob")).map(shape).some((each) => each && each.length === 2 && each[1] === 2);
  $("classes").hidden = !Object.keys(signatures).some((name) => inputs(name).label);
  $("decoding").hidden = !(sizes && sizes.length === 2 && sizes[1] > 0);
  $("sampling").hidden = !inputs("sample").seed;
  $("temperatures").hidden = !inputs("sample").temperature;
  $("density").hidden = !(points && inputs("sample").seed);
  $("asking").hidden = !images.length;
  $("signature").replaceChildren(...images.map((name) => new Option(name)));
  $("answers").replaceChildren();
  $("samples").replaceChildren();
  if (!$("decoding").hidden) {
    const given = (before.get("latent") || "").split(",").map(Number);
    state.latent = given.length === sizes[1] && given.every(Number.isFinite) ? given : Array(sizes[1]).fill(0);
    makeSliders(sizes[1]);
    await decode();
  }
  if (!$("sampling").hidden) await sample();
  document.body.dataset.ready = model;
}

// What went wrong is told on the page.
function run(action) {
  return Promise.resolve().then(action).catch((error) => tell(error.message));
}

$("model").addEventListener("change", () => run(() => choose($("model").value)));
$("label").addEventListener("input", () => {
  state.label = Math.max(0, Math.floor(Number($("label").value)));
  if (!$("decoding").hidden) run(decode);
  if (!$("sampling").hidden) run(sample);
});
$("seed").addEventListener("input", () => { state.seed = Math.max(0, Math.floor(Number($("seed").value))); run(sample); });
$("temperature").addEventListener("input", () => { state.temperature = Number($("temperature").value); run(sample); });
$("centre").addEventListener("click", () => { state.latent.fill(0); run(decode); });
$("draw").addEventListener("click", () => { state.latent = state.latent.map(normal); run(decode); });
$("keep").addEventListener("click", () => { kept = { a: [...state.latent] }; $("between").disabled = false; $("between").value = 1; });
$("between").addEventListener("input", () => {
  kept.b = kept.b || [...state.latent];
  const share = Number($("between").value);
  state.latent = kept.a.map((value, index) => value + share * (kept.b[index] - value));
  run(decode);
});
$("between").addEventListener("change", () => { if (Number($("between").value) === 1) delete kept.b; });
$("file").addEventListener("change", () => { if ($("file").files.length) run(() => ask($("file").files[0])); });
for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  $("drop").addEventListener(event, (what) => { what.preventDefault(); $("drop").classList.toggle("over", over); });
}
$("drop").addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) run(() => ask(event.dataTransfer.files[0]));
});

run(async () => {
  const before = new URLSearchParams(location.hash.slice(1));
  const named = query.get("model") || before.get("model");
  let models = named ? [named] : [];
  try { models = Object.keys((await get("/health")).models); } catch (error) { if (!named) throw error; }
  if (!models.length) throw new Error("The server has no model that answers.");
  $("model").replaceChildren(...models.map((name) => new Option(name)));
  $("model").value = models.includes(named) ? named : await firstThatDraws(models);
  await choose($("model").value, before);
});

// Models that come later: a server may still be loading.
setInterval(async () => {
  const there = new Set(Array.from($("model").options, (option) => option.value));
  const models = await get("/health").then((told) => Object.keys(told.models)).catch(() => []);
  $("model").append(...models.filter((name) => !there.has(name)).map((name) => new Option(name)));
}, 5000);
