// A position on the insertion or deletion curve, and the image that was scored there.

class CurveStepper {
  constructor() {
    this.kind = "off"; // or "insertion", "deletion"
    this.step = 0; // patches changed
    this.data = null; // from Python, see viz/viewer_data.py
    this.image = this.blurred = null; // grey levels of the network's square, row by row
    this.version = 0; // rises with every change of anything but kind and step
  }

  get isOn() { return Boolean(this.data) && this.kind !== "off"; }

  get patches() { return this.order.length; }

  // Whether `data` belongs to other images than the current ones.
  needsImages(data) { return !this.data || this.data.images !== data.images; }

  // Take the curves so far of the current map, with the grey levels of its images.
  update(data, image = this.image, blurred = this.blurred) {
    Object.assign(this, { data, image, blurred });
    this.order = new Uint16Array(bytesOf(data.order).buffer);
    this.rank = new Uint16Array(this.order.length);
    this.order.forEach((patch, k) => { this.rank[patch] = k; });
    this.edges = data.edges || evenEdges(data.size, data.grid);
    this.cells = cellsOf(this.edges);
    this.step = clamp(this.step, 0, this.patches);
    this.version += 1;
  }

  clear() { this.data = this.image = this.blurred = null; }

  moveTo(step) { this.step = clamp(Math.round(step), 0, this.patches); }

  // 1 where a pixel's patch is one of those changed so far, else 0; row by row.
  mask() {
    const { size, grid } = this.data;
    const out = new Uint8Array(size * size);
    for (let y = 0; y < size; y += 1) {
      const first = this.cells[y] * grid;
      for (let x = 0; x < size; x += 1) out[y * size + x] = this.rank[first + this.cells[x]] < this.step ? 1 : 0;
    }
    return out;
  }

  // The grey levels at this step: insertion shows the changed patches sharp, deletion shows them blurred.
  frame() {
    const [changed, unchanged] = this.kind === "insertion" ? [this.image, this.blurred] : [this.blurred, this.image];
    const out = this.mask();
    for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ? changed : unchanged)[i];
    return out;
  }

  // The patch that changed last: its row, column and box on the network's square; null at step 0.
  last() {
    if (!this.step) return null;
    const patch = this.order[this.step - 1], { grid } = this.data;
    const row = Math.floor(patch / grid), column = patch % grid;
    const [x, y] = [this.edges[column], this.edges[row]];
    return { row, column, x, y, width: this.edges[column + 1] - x, height: this.edges[row + 1] - y };
  }

  // The rank (from 1) of the patch that holds a pixel of the network's square.
  rankAt(x, y) { return this.rank[this.cells[y] * this.data.grid + this.cells[x]] + 1; }

  // The same as text; of tied patches, all of their ranks.
  rankText(x, y) {
    const rank = this.rankAt(x, y);
    const tie = (this.data.tied || []).find(([first, end]) => rank > first && rank <= end);
    return tie ? `${tie[0] + 1} to ${tie[1]} (tied)` : String(rank);
  }

  // Whether P at this step is the mean over orders of tied patches, of which one is shown.
  isMean() { return (this.data.tied || []).some(([first, end]) => this.step > first && this.step < end); }

  // The probability at this step; `measured` is false if it is interpolated between two measured points.
  value() {
    const { counts, p } = this.data[this.kind];
    const k = measuredFrom(counts, this.step);
    if (counts[k] === this.step || k === 0) return { p: p[k], measured: true };
    const part = (this.step - counts[k - 1]) / (counts[k] - counts[k - 1]);
    return { p: p[k - 1] + part * (p[k] - p[k - 1]), measured: false };
  }

  // A description of this step.
  caption() {
    const { p, measured } = this.value(), last = this.last();
    const verb = this.kind === "insertion" ? "revealed" : "blurred";
    const share = (100 * this.step / this.patches).toFixed(1);
    return `${this.step} of ${this.patches} patches ${verb} (${share} %) \u00b7 ${this.data.score} ${p.toFixed(3)}`
      + (measured ? "" : " (between measured points)")
      + (this.isMean() ? " (mean over orders of tied patches, one of them shown)" : "")
      + (last ? ` \u00b7 last: patch row ${last.row}, column ${last.column}` : "");
  }
}

// The index of the first measured point at or after a step, or of the last point.
function measuredFrom(counts, step) {
  const k = counts.findIndex((count) => count >= step);
  return k < 0 ? counts.length - 1 : k;
}

// The grid + 1 pixel edges of `grid` patches that divide a side evenly.
function evenEdges(size, grid) {
  return Array.from({ length: grid + 1 }, (_, i) => Math.round((i * size) / grid));
}

// For every pixel of a side, the index of the patch that holds it.
function cellsOf(edges) {
  const cells = new Uint16Array(edges[edges.length - 1]);
  for (let i = 0; i + 1 < edges.length; i += 1) cells.fill(i, edges[i], edges[i + 1]);
  return cells;
}
