// How a case lies in the network's square: the Geometry of xai_core/preprocessing/letterbox.py.
// Coordinates count from pixel edges: pixel i covers [i, i + 1].

function toNetwork({ crop, scale, pad }, x, y) {
  return [(x - crop[0]) * scale + pad[0], (y - crop[1]) * scale + pad[1]];
}

function toCase({ crop, scale, pad }, x, y) {
  return [(x - pad[0]) / scale + crop[0], (y - pad[1]) / scale + crop[1]];
}

// The pixel [column, row] of the network's square that holds the centre of a pixel of the case; null
// outside the network's crop.
function networkPixel(geometry, size, column, row) {
  const [x0, y0, x1, y1] = geometry.crop;
  if (column < x0 || row < y0 || column >= x1 || row >= y1) return null;
  const [x, y] = toNetwork(geometry, column + 0.5, row + 0.5).map(Math.floor);
  return x >= 0 && y >= 0 && x < size && y < size ? [x, y] : null;
}
