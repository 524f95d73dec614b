// Decodes the pictures that Python sends (PNG as base64).

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

// Fill a canvas with RGBA words (0xAABBGGRR), one for each pixel: `fill` writes them into a Uint32Array.
function paintWords(canvas, fill) {
  const context = canvas.getContext("2d");
  const frame = context.createImageData(canvas.width, canvas.height);
  fill(new Uint32Array(frame.data.buffer));
  context.putImageData(frame, 0, 0);
}

function greyWord(v) { return 0xff000000 | (v << 16) | (v << 8) | v; }

async function loadGrey(base64) {
  const blob = new Blob([bytesOf(base64)], { type: "image/png" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = canvasOf(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const grey = new Uint8Array(canvas.width * canvas.height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = rgba[4 * i];
  return { grey, width: canvas.width, height: canvas.height, canvas };
}

// A picture of a case; its outline is decoded later, see Viewer.updateOutlines.
async function loadPicture(caseData, name) {
  const { png, box, spacing } = caseData[name];
  return { name, ...await loadGrey(png), box, spacing, outline: null };
}

async function loadPictures(caseData, names) {
  const sent = names.filter((name) => caseData[name]);
  return Object.fromEntries(await Promise.all(sent.map(async (name) => [name, await loadPicture(caseData, name)])));
}

async function loadOutline(base64) {
  const { grey, width } = await loadGrey(base64);
  return maskOutline(grey, width);
}
