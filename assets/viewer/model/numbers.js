// Decoding of arrays from Python, and arithmetic that must agree with Python's.

function clamp(x, low, high) {
  return Math.min(high, Math.max(low, x));
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function floatsOf(base64) {
  return new Float32Array(bytesOf(base64).buffer);
}

// A mask of `length` pixels (1 inside, 0 outside) from its run lengths, uint32 in base64: outside first,
// then inside, and so on.
function maskOf(base64, length) {
  const runs = new Uint32Array(bytesOf(base64).buffer), out = new Uint8Array(length);
  for (let i = 0, start = 0; i < runs.length; i += 1) {
    if (i % 2) out.fill(1, start, start + runs[i]);
    start += runs[i];
  }
  return out;
}

// Bilinear upsampling with aligned pixel centres and repeated edges, as torch's interpolate with
// align_corners=False.
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
