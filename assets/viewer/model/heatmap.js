// A map on the network's square, made from the data that Python sends (heat_data in viz/viewer_data.py).

class Heatmap {
  constructor(data) {
    Object.assign(this, data); // rows, columns, size, scale, unit, geometry, digest; levels, known, of, breast
    this.raw = floatsOf(data.raw);
    this.area = data.area ? floatsOf(data.area) : null; // A, for Hybrid-CAM
    this.inside = data.breast ? maskOf(data.breast, data.size * data.size) : null; // the breast's pixels
    this.version = 0; // rises with every change of `values`
    this.contours = new Map(); // level, and whether only in the breast -> line segments
    if (this.area) {
      this.sorted = Float32Array.from(this.area).sort();
      this.combine(data.levels);
    } else {
      const positive = this.raw.map((v) => Math.max(0, v));
      this.values = minMax(upsample(positive, this.rows, this.columns, this.size));
    }
  }

  // Compute Hybrid-CAM's map from levels, [percent, delta] each.
  combine(levels) {
    const product = hybrid(this.area, this.sorted, levels);
    this.values = minMax(product);
    this.scale = 0;
    for (let i = 0; i < product.length; i += 1) if (product[i] > this.scale) this.scale = product[i];
    this.contours.clear();
    this.version += 1;
  }

  // The map before ReLU, upsampled: `values` in -1 to 1, times `most`.  Computed on first use.
  get signed() {
    if (!this.beforeRelu) {
      const values = upsample(this.raw, this.rows, this.columns, this.size);
      let most = 0;
      for (const v of values) most = Math.max(most, Math.abs(v));
      this.beforeRelu = { values: values.map((v) => (most ? v / most : 0)), most };
    }
    return this.beforeRelu;
  }

  // Line segments on the network's square where the values cross a level in 0 to 1; with `inside` only
  // those in the breast.
  contour(level, inside = false) {
    const key = `${level}|${inside}`;
    if (!this.contours.has(key)) {
      const all = contour(this.values, this.size, this.size, level);
      this.contours.set(key, inside ? this.segmentsInside(all) : all);
    }
    return this.contours.get(key);
  }

  segmentsInside(segments) {
    const out = [];
    for (let i = 0; i < segments.length; i += 4) {
      const [x0, y0, x1, y1] = segments.slice(i, i + 4);
      if (this.isInside(Math.floor((x0 + x1) / 2), Math.floor((y0 + y1) / 2))) out.push(x0, y0, x1, y1);
    }
    return out;
  }

  // Whether a pixel of the network's square lies in the breast; true for all where it is not known.
  isInside(x, y) { return !this.inside || this.inside[y * this.size + x] === 1; }

  // The area that a level really keeps, as text; empty for methods without levels.
  keptText(percent) { return this.area ? percentText(realisedArea(this.sorted, percent)) : ""; }
}

// Identifies a map, given Python's data or a Heatmap.  The levels are part of it: a level without a gain
// leaves the values unchanged but makes another map.
function heatmapName(heat) { return `${heat.digest}|${heat.levels || ""}`; }
