// Contour lines of a field, and the outline of a mask.

// Line segments [x0, y0, x1, y1, ...] where a field crosses a level.  Coordinates count from pixel edges:
// the value of pixel i lies at i + 0.5.
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

// The outline of a mask (255 inside, 0 outside) `width` pixels wide, as line segments in its pixels.
function maskOutline(mask, width) {
  let x0 = Infinity, x1 = -1, y0 = Infinity, y1 = -1; // the bounding box of the mask
  for (let i = 0; i < mask.length; i += 1) {
    if (!mask[i]) continue;
    const x = i % width, y = (i - x) / width;
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    y1 = y;
  }
  if (y1 < 0) return [];
  const columns = x1 - x0 + 3, rows = y1 - y0 + 3; // a border of zeros closes every outline
  const field = new Float32Array(columns * rows);
  for (let y = y0; y <= y1; y += 1) {
    for (let x = x0; x <= x1; x += 1) field[(y - y0 + 1) * columns + x - x0 + 1] = mask[y * width + x] / 255;
  }
  return contour(field, rows, columns, 0.5).map((v, i) => v - 1 + (i % 2 ? y0 : x0));
}
