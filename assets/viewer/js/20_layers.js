// What lies on top of one another: the grey picture, the heat, contours, the outline of lesions.

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

async function loadGrey(base64) {
  const blob = new Blob([bytesOf(base64)], { type: "image/png" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = canvasOf(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const grey = new Uint8Array(canvas.width * canvas.height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = rgba[4 * i];
  return { grey, width: canvas.width, height: canvas.height, canvas, shown: "" };
}

// A picture of a case; its outline comes later, see Viewer.takeOutlines.
async function loadPicture(given, name) {
  const { png, box, spacing } = given[name];
  return { name, ...await loadGrey(png), box, spacing, outline: null };
}

async function loadPictures(given, names) {
  const loaded = names.filter((name) => given[name]).map(async (name) => [name, await loadPicture(given, name)]);
  return Object.fromEntries(await Promise.all(loaded));
}

// Window and level: grey at level - window / 2 becomes black, at level + window / 2 white.
function applyWindow(picture, level, window, invert) {
  const asked = `${level}|${window}|${invert}`;
  if (picture.shown === asked) return;
  const table = new Uint8Array(256);
  for (let i = 0; i < 256; i += 1) {
    const v = clamp(Math.round(((i - level) / Math.max(window, 1) + 0.5) * 255), 0, 255);
    table[i] = invert ? 255 - v : v;
  }
  const context = picture.canvas.getContext("2d");
  const frame = context.createImageData(picture.width, picture.height);
  const out = new Uint32Array(frame.data.buffer);
  for (let i = 0; i < out.length; i += 1) {
    const v = table[picture.grey[i]];
    out[i] = 0xff000000 | (v << 16) | (v << 8) | v;
  }
  context.putImageData(frame, 0, 0);
  picture.shown = asked;
}

// The map on the network's square: min-max of the upsampled positive part, as in Python.
function prepareHeat(given) {
  const raw = floatsOf(given.raw);
  const positive = raw.map((v) => Math.max(0, v));
  const area = given.area ? floatsOf(given.area) : null; // Hybrid-CAM's A, where that is the method
  const values = area ? null : minMax(upsample(positive, given.rows, given.columns, given.size));
  const canvas = canvasOf(given.size, given.size);
  const heat = { ...given, raw, values, area, canvas, contours: new Map(), shown: "" };
  if (area) {
    heat.sorted = Float32Array.from(area).sort();
    combine(heat, given.levels);
  }
  return heat;
}

// The map before ReLU, upsampled: `values` in -1 to 1, times `most`.  Made when it is first asked for.
function signedHeat(heat) {
  if (!heat.signed) {
    const values = upsample(heat.raw, heat.rows, heat.columns, heat.size);
    let most = 0;
    for (const v of values) most = Math.max(most, Math.abs(v));
    heat.signed = { values: values.map((v) => (most ? v / most : 0)), most };
  }
  return heat.signed;
}

// Hybrid-CAM's map of a set of levels, [percent, delta] each.
function combine(heat, levels) {
  const product = hybrid(heat.area, heat.sorted, levels);
  heat.values = minMax(product);
  heat.scale = 0;
  for (let i = 0; i < product.length; i += 1) if (product[i] > heat.scale) heat.scale = product[i];
  heat.contours.clear();
  heat.shown = "";
}

// Where the heat is 0 the image shows untouched, and colour covers more the higher the heat is.
function paintHeat(heat, table, opacity, signed) {
  const asked = `${opacity}|${signed}|${table.name}`;
  if (heat.shown === asked) return;
  const context = heat.canvas.getContext("2d");
  const frame = context.createImageData(heat.size, heat.size);
  const source = signed ? signedHeat(heat).values : heat.values;
  const shades = new Uint32Array(256);
  for (let k = 0; k < 256; k += 1) {
    const strength = signed ? Math.abs(k / 127.5 - 1) : k / 255;
    const cover = Math.round(255 * opacity * (1 - (1 - strength) ** 2));
    shades[k] = (cover << 24) | (table.colours[3 * k + 2] << 16) | (table.colours[3 * k + 1] << 8) | table.colours[3 * k];
  }
  const out = new Uint32Array(frame.data.buffer);
  if (signed) for (let i = 0; i < out.length; i += 1) out[i] = shades[((source[i] + 1) * 127.5 + 0.5) | 0];
  else for (let i = 0; i < out.length; i += 1) out[i] = shades[(source[i] * 255 + 0.5) | 0];
  context.putImageData(frame, 0, 0);
  heat.shown = asked;
}

function heatContour(heat, level) {
  if (!heat.contours.has(level)) heat.contours.set(level, contour(heat.values, heat.size, heat.size, level));
  return heat.contours.get(level);
}

// The mask M_p: what a level keeps stays as it is, the rest is dimmed.
function areaMask(heat, percent) {
  heat.mask = heat.mask || { canvas: canvasOf(heat.size, heat.size), percent: null };
  const { canvas } = heat.mask;
  if (heat.mask.percent === percent) return canvas;
  const threshold = levelThreshold(heat.sorted, percent);
  const context = canvas.getContext("2d");
  const frame = context.createImageData(heat.size, heat.size);
  const out = new Uint32Array(frame.data.buffer);
  for (let i = 0; i < out.length; i += 1) out[i] = heat.area[i] >= threshold ? 0 : 0xc0000000;
  context.putImageData(frame, 0, 0);
  heat.mask.percent = percent;
  return canvas;
}

async function loadOutline(base64) {
  const { grey, width: across } = await loadGrey(base64);
  let x0 = Infinity, x1 = -1, y0 = Infinity, y1 = -1; // the part with something in it
  for (let i = 0; i < grey.length; i += 1) {
    if (!grey[i]) continue;
    const x = i % across, y = (i - x) / across;
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    y1 = y;
  }
  if (y1 < 0) return [];
  const width = x1 - x0 + 3, height = y1 - y0 + 3; // a border of nothing closes every outline
  const field = new Float32Array(width * height);
  for (let y = y0; y <= y1; y += 1) {
    for (let x = x0; x <= x1; x += 1) field[(y - y0 + 1) * width + x - x0 + 1] = grey[y * across + x] / 255;
  }
  return contour(field, height, width, 0.5).map((v, i) => v - 1 + (i % 2 ? y0 : x0));
}
