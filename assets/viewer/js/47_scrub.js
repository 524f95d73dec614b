// The curves under the hand: the very image behind a point of a curve, made in the browser of the
// image, the blurred image and the order of patches, with the score measured there.

const CURVES = { insertion: "#56b4e9", deletion: "#e08a3c" };

class Scrub {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.place = place;
    this.kind = "off";
    this.step = 0;
    this.pick = choice("Step through a curve", [["off", "off"], ["insertion", "insertion"], ["deletion", "deletion"]], () => this.kind, (kind) => this.choose(kind));
    this.input = tool("input", "", { type: "range", min: 0, step: 1, value: 0 });
    this.input.setAttribute("aria-label", "Patches changed");
    this.input.oninput = () => this.move(Number(this.input.value));
    this.plot = tool("canvas", "", { width: 360, height: 96 });
    this.plot.setAttribute("role", "img");
    this.plot.onpointerdown = (event) => { this.plot.setPointerCapture(event.pointerId); this.drag(event); };
    this.plot.onpointermove = (event) => { if (this.plot.hasPointerCapture(event.pointerId)) this.drag(event); };
    this.said = tool("output", "", {});
    place.replaceChildren(this.pick, this.input, this.plot, this.said);
  }

  get on() { return Boolean(this.given && this.image) && this.kind !== "off"; }

  // What Python knows: the curves of the map on show, so far.  Where they follow at once their
  // place is kept, so that nothing under it moves.
  async take(given, follows) {
    this.given = given;
    this.place.hidden = !given && !follows;
    this.place.style.visibility = given ? "" : "hidden";
    if (!given) { this.image = null; return; }
    if (given.images !== this.images) {
      const [image, blurred] = await Promise.all([loadGrey(given.image), loadGrey(given.blurred)]);
      if (this.given !== given) return; // overtaken while decoding
      Object.assign(this, { image, blurred, images: given.images, canvas: canvasOf(given.size, given.size) });
    }
    this.order = new Uint16Array(bytesOf(given.order).buffer);
    this.rank = new Uint16Array(this.order.length);
    this.order.forEach((patch, k) => { this.rank[patch] = k; });
    this.input.max = this.order.length;
    this.step = clamp(this.step, 0, this.order.length);
    this.shown = "";
    this.pick.refresh();
    this.words();
  }

  choose(kind) {
    this.kind = kind;
    this.words();
    this.viewer.changed();
  }

  move(step) {
    this.step = clamp(Math.round(step), 0, this.order.length);
    this.words();
    this.viewer.changed();
  }

  drag(event) {
    const box = this.plot.getBoundingClientRect();
    if (this.kind === "off") this.kind = "insertion";
    this.pick.refresh();
    this.move(((event.clientX - box.left) / box.width) * this.order.length);
  }

  // The image at this step: patches of the original where the curve shows them, blurred elsewhere.
  paint() {
    const asked = `${this.kind}|${this.step}`;
    if (this.shown === asked) return this.canvas;
    const { size, grid } = this.given;
    const side = size / grid;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    const frame = context.createImageData(size, size);
    const out = new Uint32Array(frame.data.buffer);
    for (let y = 0; y < size; y += 1) {
      const row = Math.floor(y / side) * grid;
      for (let x = 0; x < size; x += 1) {
        const changed = this.rank[row + Math.floor(x / side)] < this.step;
        const source = changed === (this.kind === "insertion") ? this.image : this.blurred;
        const v = source.grey[y * size + x];
        out[y * size + x] = 0xff000000 | (v << 16) | (v << 8) | v;
      }
    }
    context.putImageData(frame, 0, 0);
    this.shown = asked;
    return this.canvas;
  }

  // The patch that changed last, as [x, y, side] on the network's square; null at the first step.
  last() {
    if (!this.step) return null;
    const { size, grid } = this.given;
    const patch = this.order[this.step - 1], side = size / grid;
    return [(patch % grid) * side, Math.floor(patch / grid) * side, side];
  }

  // In words, the rank of the patch that holds a pixel of the network's square.
  rankAt(x, y) {
    if (!this.given || !this.rank) return "";
    const { size, grid } = this.given;
    const patch = Math.floor((y * grid) / size) * grid + Math.floor((x * grid) / size);
    return ` \u00b7 patch ${this.rank[patch] + 1} of ${this.rank.length} in relevance`;
  }

  // The probability at this step: [value, whether it was measured there].
  value() {
    const { counts, p } = this.given[this.kind];
    let k = counts.findIndex((n) => n >= this.step);
    if (k < 0) k = counts.length - 1;
    if (counts[k] === this.step || k === 0) return [p[k], true];
    const part = (this.step - counts[k - 1]) / (counts[k] - counts[k - 1]);
    return [p[k - 1] + part * (p[k] - p[k - 1]), false];
  }

  words() {
    const off = this.kind === "off";
    this.input.disabled = off;
    this.input.value = this.step;
    this.drawPlot();
    if (off || !this.on) { this.said.textContent = "Choose a curve, or drag along it."; return; }
    const [value, measured] = this.value();
    const n = this.order.length;
    const done = this.kind === "insertion" ? "revealed" : "blurred";
    let said = `${this.step} of ${n} patches ${done} (${(100 * this.step / n).toFixed(1)} %) \u00b7 ${this.given.score} ${value.toFixed(3)}`;
    if (!measured) said += " (between measured points)";
    const last = this.last();
    if (last) said += ` \u00b7 last: patch row ${last[1] / last[2]}, column ${last[0] / last[2]}`;
    this.said.textContent = said;
    this.input.setAttribute("aria-valuetext", said);
  }

  drawPlot() {
    const { plot, given } = this;
    const context = plot.getContext("2d");
    context.clearRect(0, 0, plot.width, plot.height);
    if (!given) return;
    const n = this.order.length, pad = 6;
    const at = (k, p) => [pad + (k / n) * (plot.width - 2 * pad), plot.height - pad - p * (plot.height - 2 * pad)];
    for (const [kind, colour] of Object.entries(CURVES)) {
      const { counts, p } = given[kind];
      context.strokeStyle = colour;
      context.globalAlpha = this.kind === "off" || this.kind === kind ? 1 : 0.35;
      context.lineWidth = 2.5;
      context.setLineDash(kind === "deletion" ? [7, 4] : []);
      context.beginPath();
      counts.forEach((k, i) => context[i ? "lineTo" : "moveTo"](...at(k, p[i])));
      context.stroke();
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
    plot.setAttribute("aria-label", "Insertion (solid) and deletion (dashed) curve");
    if (!this.on) return;
    const [x, y] = at(this.step, this.value()[0]);
    context.fillStyle = "#ffffff";
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawScrubbed(context, scrub, at, ratio) {
  const { crop, scale, pad } = scrub.given.geometry;
  const toX = (x) => at.left + ((x - pad[0]) / scale + crop[0]) * at.scale;
  const toY = (y) => at.top + ((y - pad[1]) / scale + crop[1]) * at.scale;
  const side = (scrub.given.size / scale) * at.scale;
  context.drawImage(scrub.paint(), toX(0), toY(0), side, side);
  const last = scrub.last();
  if (!last) return;
  context.strokeStyle = "#f0e442";
  context.lineWidth = 2 * ratio;
  context.strokeRect(toX(last[0]), toY(last[1]), toX(last[0] + last[2]) - toX(last[0]), toY(last[1] + last[2]) - toY(last[1]));
}
