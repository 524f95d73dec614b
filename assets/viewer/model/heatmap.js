// A map on the network's square, made from the data that Python sends (heat_data in viz/viewer_data.py).

class Heatmap {
  constructor(data) {
    Object.assign(this, data); // rows, columns, size, scale, unit, geometry, digest; levels, known, of
    this.raw = floatsOf(data.raw);
    this.area = data.area ? floatsOf(data.area) : null; // A, for Hybrid-CAM
    this.version = 0; // rises with every change of `values`
    this.contours = new Map(); // level -> line segments
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

  // Line segments on the network's square where the values cross a level in 0 to 1.
  contour(level) {
    if (!this.contours.has(level)) this.contours.set(level, contour(this.values, this.size, this.size, level));
    return this.contours.get(level);
  }

  // The area that a level really keeps, as text; empty for methods without levels.
  keptText(percent) { return this.area ? percentText(realisedArea(this.sorted, percent)) : ""; }
}

// Identifies a map, given Python's data or a Heatmap.  The levels are part of it: a level without a gain
// leaves the values unchanged but makes another map.
function heatmapName(heat) { return `${heat.digest}|${heat.levels || ""}`; }
