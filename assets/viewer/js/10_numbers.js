// Arrays as Python sends them, and the arithmetic Python does with them.

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function floatsOf(base64) {
  return new Float32Array(bytesOf(base64).buffer);
}

// Bilinear, pixel centres, edges repeated: torch's interpolate with align_corners=False.
function upsample(values, rows, columns, size) {
  const out = new Float32Array(size * size);
  const at = (n, i) => {
    const x = Math.max(0, ((i + 0.5) * n) / size - 0.5);
    const low = Math.min(n - 1, Math.floor(x));
    return [low, Math.min(n - 1, low + 1), x - low];
  };
  const xs = Array.from({ length: size }, (_, i) => at(columns, i));
  for (let y = 0; y < size; y += 1) {
    const [y0, y1, fy] = at(rows, y);
    for (let x = 0; x < size; x += 1) {
      const [x0, x1, fx] = xs[x];
      const top = values[y0 * columns + x0] * (1 - fx) + values[y0 * columns + x1] * fx;
      const bottom = values[y1 * columns + x0] * (1 - fx) + values[y1 * columns + x1] * fx;
      out[y * size + x] = top * (1 - fy) + bottom * fy;
    }
  }
  return out;
}

function minMax(values) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const out = new Float32Array(values.length);
  if (high > low) for (let i = 0; i < out.length; i += 1) out[i] = (values[i] - low) / (high - low);
  return out;
}

// The pixels of A that are at least the value ranked ceil(percent / 100 * N): the lowest such value.
function levelThreshold(sorted, percent) {
  const rank = Math.max(1, Math.ceil((percent * sorted.length) / 100 - 1e-9));
  return sorted[sorted.length - rank];
}

// Hybrid-CAM: A times the sum of delta(p) / sqrt(p) over the levels whose mask holds the pixel.
function hybrid(area, sorted, levels) {
  const steps = levels.filter(([, delta]) => delta > 0);
  const thresholds = Float32Array.from(steps, ([percent]) => levelThreshold(sorted, percent));
  const weights = Float64Array.from(steps, ([percent, delta]) => delta / Math.sqrt(percent));
  const out = new Float32Array(area.length);
  for (let i = 0; i < out.length; i += 1) {
    const a = area[i];
    let support = 0;
    for (let k = 0; k < thresholds.length; k += 1) if (a >= thresholds[k]) support += weights[k];
    out[i] = a * support;
  }
  return out;
}

// Line segments [x0, y0, x1, y1, ...] where a field crosses a level; coordinates are pixel edges,
// so that the value of pixel i lies at i + 0.5.
function contour(field, rows, columns, level) {
  const out = [];
  const cross = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < rows; y += 1) {
    for (let x = 0; x + 1 < columns; x += 1) {
      const a = field[y * columns + x], b = field[y * columns + x + 1];
      const d = field[(y + 1) * columns + x], c = field[(y + 1) * columns + x + 1];
      const kind = (a > level) | ((b > level) << 1) | ((c > level) << 2) | ((d > level) << 3);
      if (kind === 0 || kind === 15) continue;
      const points = [];
      if ((a > level) !== (b > level)) points.push(x + cross(a, b), y);
      if ((b > level) !== (c > level)) points.push(x + 1, y + cross(b, c));
      if ((d > level) !== (c > level)) points.push(x + cross(d, c), y + 1);
      if ((a > level) !== (d > level)) points.push(x, y + cross(a, d));
      for (let i = 0; i + 3 < points.length; i += 4) {
        for (let k = 0; k < 4; k += 1) out.push(points[i + k] + 0.5);
      }
    }
  }
  return out;
}

function clamp(x, low, high) {
  return Math.min(high, Math.max(low, x));
}
