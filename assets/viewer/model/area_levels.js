// Hybrid-CAM's area levels: their arithmetic, and which of them are on.  The map follows a change at once
// with the gains known so far; Python scores what is missing, and its answer takes over.

// How long an answer that differs from what was asked for last is taken for one on its way.
const ANSWER_TIMEOUT_MS = 8000;

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

// The share of a sorted array that is at least a value, 0 to 1.
function shareAtLeast(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return 1 - low / sorted.length;
}

// How much of the image a level really keeps, in percent: equal values stay together.
function realisedArea(sorted, percent) {
  return 100 * shareAtLeast(sorted, levelThreshold(sorted, percent));
}

function percentText(share) {
  return `${share < 9.95 ? share.toFixed(1) : share.toFixed(0)} %`;
}

// The slider of areas, 0 to 1000, is even in the logarithm: small areas matter most.
function areaAt(position) {
  const [least, most] = DEFAULTS.area_slider.limits;
  return Number((least * (most / least) ** (position / 1000)).toPrecision(2));
}

function sliderPosition(percent) {
  const [least, most] = DEFAULTS.area_slider.limits;
  return Math.round((1000 * Math.log(clamp(percent, least, most) / least)) / Math.log(most / least));
}

class AreaLevels {
  constructor() {
    this.gains = new Map(); // percent -> delta, as far as they are known for the map on show
    this.offered = []; // the levels that can be switched, in percent, ascending
    this.active = []; // those that are on
    this.requested = null; // what was asked for and is not answered yet
    this.percent = 20; // the area whose mask can be shown
    this.areaShown = false;
  }

  // What Python sends: a map with its levels and gains, and the levels on offer.  True where the map
  // answers an earlier request than the last, and has to be combined anew of the levels that are on.
  update(heat, offered, now = Date.now()) {
    if (!offered.length) { this.requested = null; return false; }
    if (!heat || !heat.area) return false; // being computed anew
    if (heat.of !== this.of) { this.gains.clear(); this.of = heat.of; this.requested = null; }
    for (const [percent, delta] of [...heat.known, ...heat.levels]) this.gains.set(percent, delta);
    this.offered = offered;
    const answered = heat.levels.map(([percent]) => percent);
    if (this.isWaiting(now) && String(this.requested) !== String(answered)) return true;
    this.requested = null;
    this.active = answered;
    return false;
  }

  isWaiting(now = Date.now()) { return Boolean(this.requested) && now < this.deadline; }

  // Switch exactly these levels on; new ones are on offer from now on.
  set(levels, now = Date.now()) {
    const ascending = (percents) => [...new Set(percents)].sort((a, b) => a - b);
    this.active = ascending(levels);
    this.offered = ascending([...this.offered, ...levels]);
    this.requested = this.active;
    this.deadline = now + ANSWER_TIMEOUT_MS;
  }

  // Switch one level on or off; false where it is the only one, which stays on.
  flip(percent, now = Date.now()) {
    const on = this.active.includes(percent);
    if (on && this.active.length === 1) return false;
    this.set(on ? this.active.filter((p) => p !== percent) : [...this.active, percent], now);
    return true;
  }

  // The levels from `low` to `high`, places in `offered`; the end that moved pushes the other one.
  setRange(low, high, moved, now = Date.now()) {
    const [from, to] = low <= high ? [low, high] : moved === "low" ? [low, low] : [high, high];
    this.set(this.offered.slice(from, to + 1), now);
  }

  // The active levels whose gain is known, as [percent, delta].
  scored() {
    return this.active.filter((p) => this.gains.has(p)).map((p) => [p, this.gains.get(p)]);
  }

  // Python's next answer counts, whatever was asked for before.
  forgetRequest() { this.requested = null; }
}
