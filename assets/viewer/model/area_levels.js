// Hybrid-CAM's area levels: their arithmetic, and which of them are on.  After a change the map is computed
// at once from the gains known so far; Python scores the missing levels, and its answer replaces the map.

// How long an answer for other levels than those requested last is taken for an answer to an earlier request.
const ANSWER_TIMEOUT_MS = 8000;

// The threshold of an area level: the value of A ranked ceil(percent / 100 * N) from the top.
function levelThreshold(sorted, percent) {
  const rank = Math.max(1, Math.ceil((percent * sorted.length) / 100 - 1e-9));
  return sorted[sorted.length - rank];
}

// Hybrid-CAM: A times the sum of delta(p) / sqrt(p) over the levels whose mask holds the pixel; 0 everywhere
// where no level gains the least that counts (LEAST_GAIN in cam/hybrid_cam.py).
function hybrid(area, sorted, levels) {
  const gains = levels.some(([, delta]) => delta >= DEFAULTS.area_levels.least_gain);
  const steps = gains ? levels.filter(([, delta]) => delta > 0) : [];
  const thresholds = Float32Array.from(steps, ([percent]) => levelThreshold(sorted, percent));
  const weights = Float64Array.from(steps, ([percent, delta]) => delta / Math.sqrt(percent));
  const out = new Float32Array(area.length);
  for (let i = 0; i < out.length; i += 1) {
    const a = area[i];
    let sum = 0;
    for (let k = 0; k < thresholds.length; k += 1) if (a >= thresholds[k]) sum += weights[k];
    out[i] = a * sum;
  }
  return out;
}

// The share, 0 to 1, of the values of a sorted array that are at least `value`.
function shareAtLeast(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return 1 - low / sorted.length;
}

// The area that a level really keeps, in percent: equal values are kept together.
function realisedArea(sorted, percent) {
  return 100 * shareAtLeast(sorted, levelThreshold(sorted, percent));
}

// Levels, ascending, in groups whose masks keep the same area: from where the map is 0 on, every larger level
// keeps all of it, and equal values are kept together.  Each level is alone while the map is not known.
function sameAreaGroups(sorted, percents) {
  const groups = [];
  let last;
  for (const percent of percents) {
    const threshold = sorted ? levelThreshold(sorted, percent) : undefined;
    if (sorted && groups.length && threshold === last) groups[groups.length - 1].push(percent);
    else groups.push([percent]);
    last = threshold;
  }
  return groups;
}

// The levels of a group: "20 %", "20 to 90 %".
function groupText(group) {
  return group.length > 1 ? `${group[0]} to ${group[group.length - 1]} %` : `${group[0]} %`;
}

function percentText(share) {
  return `${share < 9.95 ? share.toFixed(1) : share.toFixed(0)} %`;
}

// The area in percent at a position (0 to 1000) of the slider, which is logarithmic: small areas matter most.
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
    this.gains = new Map(); // percent -> delta, as far as known for the current map
    this.offered = []; // the levels that have a switch, in percent, ascending
    this.active = []; // the levels that are on
    this.sorted = null; // the values of the area map, ascending; null while it is not known
    this.requested = null; // the levels requested from Python and not answered yet
    this.percent = 20; // the area of the area slider, in percent
    this.areaShown = false;
  }

  // Take a map with its levels and gains, and the offered levels, from Python.  Returns true if the map
  // answers an earlier request than the last, so that it must be combined again from the active levels.
  update(heat, offered, now = Date.now()) {
    if (!offered.length) { this.requested = null; return false; }
    if (!heat || !heat.area) return false; // the map is being computed
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

  // Switch exactly these levels on; new ones get a switch.
  set(levels, now = Date.now()) {
    const ascending = (percents) => [...new Set(percents)].sort((a, b) => a - b);
    this.active = ascending(levels);
    this.offered = ascending([...this.offered, ...levels]);
    this.requested = this.active;
    this.deadline = now + ANSWER_TIMEOUT_MS;
  }

  // The offered levels, those that keep the same area together: a group has one switch.
  get groups() { return sameAreaGroups(this.sorted, this.offered); }

  // Whether a group is on: "true", "false", or "mixed" where only some of its levels are.
  stateOf(group) {
    const on = group.filter((percent) => this.active.includes(percent)).length;
    return on && on < group.length ? "mixed" : String(on > 0);
  }

  // The gain of a group: equal masks are scored alike.  Undefined while none of its levels is scored.
  gainOf(group) { return this.gains.get(group.find((percent) => this.gains.has(percent))); }

  // Switch all levels of a group on, or off where all are on; returns false if no level would stay on.
  flip(group, now = Date.now()) {
    const others = this.active.filter((percent) => !group.includes(percent));
    const on = this.stateOf(group) === "true";
    if (on && !others.length) return false;
    this.set(on ? others : [...others, ...group], now);
    return true;
  }

  // Activate the groups from index `low` to `high` of `groups`; the end that moved pushes the other one.
  setRange(low, high, moved, now = Date.now()) {
    const [from, to] = low <= high ? [low, high] : moved === "low" ? [low, low] : [high, high];
    this.set(this.groups.slice(from, to + 1).flat(), now);
  }

  // The active levels whose gain is known, as [percent, delta].
  scored() {
    return this.active.filter((p) => this.gains.has(p)).map((p) => [p, this.gains.get(p)]);
  }

  // Take Python's next answer, whatever levels were requested before.
  forgetRequest() { this.requested = null; }
}
