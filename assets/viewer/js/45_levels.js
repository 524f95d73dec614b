// Hybrid-CAM's area levels under the hand: switches, a range slid over them, and an area of any
// size whose mask is shown while it is slid.  The map follows at once; Python is asked on release.

const MOST_AREA = 100, LEAST_AREA = 0.5; // percent, the ends of the slider of areas
const PATIENCE_MS = 8000; // how long an answer of Python's that differs from the hand is passed over

class Levels {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.known = new Map(); // percent -> delta, of the map on show
    this.columns = new Map(); // percent -> its switch
    this.percent = 20; // the area whose mask can be shown
    this.place = place;
    this.low = this.handle("Levels from", "Smallest area level", "low");
    this.high = this.handle("to", "Largest area level", "high");
    this.bars = tool("div", "", { className: "bars" });
    this.bars.setAttribute("role", "group");
    this.bars.setAttribute("aria-label", "Area levels: the share of the image kept sharp");
    this.area = new Area(this);
    this.own = new OwnLevels(this);
    const range = tool("div", "", { className: "row" });
    range.append(this.low.label, this.high.label);
    const hands = tool("div", "", { className: "sliders" });
    hands.append(range, this.area.row, this.own.row);
    this.said = tool("p", "", { className: "said" });
    this.said.setAttribute("role", "status");
    place.replaceChildren(this.bars, hands, this.said);
  }

  handle(text, name, end) {
    const input = tool("input", "", { type: "range", min: 0, step: 1 });
    const output = tool("output", "", {});
    input.oninput = () => this.slide(end);
    input.onchange = () => this.commit();
    input.setAttribute("aria-label", name);
    const label = tool("label", text, {});
    label.append(input, output);
    return { input, output, label };
  }

  // What Python says: the map's levels and gains, the levels on offer, what was wrong with own ones.
  take(heat, offered, problem) {
    this.say(problem || "");
    if (!offered.length) { this.place.hidden = true; this.asked = null; return; }
    if (!heat || !heat.area) return; // being computed anew: what is shown keeps its place and focus
    this.place.hidden = false;
    if (heat.of !== this.key) { this.known.clear(); this.key = heat.of; this.asked = null; }
    for (const [percent, delta] of heat.levels) this.known.set(percent, delta);
    this.offered = offered;
    const active = heat.levels.map(([percent]) => percent);
    if (this.waits() && String(this.asked) !== String(active)) { this.redraw(); return; }
    this.asked = null;
    this.active = active;
    this.words();
  }

  // Whether Python's answer to the hand is still on its way.
  waits() { return Boolean(this.asked) && Date.now() < this.until; }

  say(sentence) { this.said.textContent = sentence; this.said.hidden = !sentence; }

  slide(end) {
    const low = Number(this.low.input.value), high = Number(this.high.input.value);
    if (low > high) (end === "low" ? this.high : this.low).input.value = end === "low" ? low : high;
    this.set(this.offered.slice(Number(this.low.input.value), Number(this.high.input.value) + 1));
  }

  flip(percent) {
    const on = this.active.includes(percent);
    if (on && this.active.length === 1) { this.say("At least one level stays on."); return; }
    this.set(on ? this.active.filter((p) => p !== percent) : [...this.active, percent]);
    this.commit();
  }

  set(levels) {
    this.active = [...new Set(levels)].sort((a, b) => a - b);
    this.offered = [...new Set([...this.offered, ...levels])].sort((a, b) => a - b);
    this.asked = this.active;
    this.until = Date.now() + PATIENCE_MS;
    this.say("");
    this.redraw();
  }

  // The map of the levels whose gain is known; the others count as soon as Python has scored them.
  redraw() {
    const { heat } = this.viewer;
    const levels = this.active.filter((p) => this.known.has(p)).map((p) => [p, this.known.get(p)]);
    if (heat && heat.area) combine(heat, levels);
    this.words();
    this.viewer.changed();
  }

  commit() {
    if (this.asked) this.viewer.say("levels", this.asked);
  }

  words() {
    const last = this.offered.length - 1;
    for (const [end, at] of [[this.low, 0], [this.high, this.active.length - 1]]) {
      end.input.max = last;
      end.input.value = this.offered.indexOf(this.active[at]);
      end.output.textContent = `${this.active[at]} %`;
      end.input.setAttribute("aria-valuetext", `${this.active[at]} %`);
    }
    const most = Math.max(1e-12, ...this.known.values());
    const columns = this.offered.map((percent) => this.column(percent, most));
    if (columns.length !== this.bars.children.length || columns.some((c, i) => this.bars.children[i] !== c)) {
      const focused = this.bars.getRootNode().activeElement;
      this.bars.replaceChildren(...columns);
      if (columns.includes(focused)) focused.focus();
    }
    this.area.words();
  }

  // One level: a switch with its gain as a bar over it, and the area really kept under it.
  column(percent, most) {
    const { heat } = this.viewer;
    if (!this.columns.has(percent)) {
      const item = button("", "", () => this.flip(percent));
      for (const sign of ["pointerenter", "focus"]) item.addEventListener(sign, () => this.area.peek(percent));
      item.append(tool("b", `${percent} %`, {}), tool("i", "", {}), tool("span", "", {}), tool("small", "", {}));
      this.columns.set(percent, item);
    }
    const item = this.columns.get(percent);
    const [, bar, gain, kept] = item.children;
    const delta = this.known.get(percent);
    bar.style.height = `${delta === undefined ? 0 : Math.max(1, Math.round((36 * delta) / most))}px`;
    gain.textContent = delta === undefined ? "?" : delta.toFixed(2);
    kept.textContent = heat && heat.area ? `kept ${shareText(heat, percent)}` : "";
    item.title = delta === undefined
      ? `Keep ${percent} %: not scored yet`
      : `Keep ${percent} % sharp, blur the rest: the class's logit rises by ${delta.toPrecision(3)}`;
    item.setAttribute("aria-pressed", String(this.active.includes(percent)));
    return item;
  }
}

// An area of any size: its mask over the picture, and what of the image it really keeps.
class Area {
  constructor(levels) {
    this.levels = levels;
    this.on = false;
    this.input = tool("input", "", { type: "range", min: 0, max: 1000, step: 1 });
    this.input.setAttribute("aria-label", "Area p");
    this.input.oninput = () => { this.on = true; this.take(areaAt(Number(this.input.value))); };
    this.output = tool("output", "", {});
    const label = tool("label", "Area p", {});
    label.append(this.input);
    this.toggle = button("Show area", "The strongest p % of the map stay bright, the rest is dimmed: the mask M_p", () => { this.on = !this.on; this.take(levels.percent); });
    this.add = button("Add", "Make p a level of the map", () => { levels.set([...levels.active, levels.percent]); levels.commit(); });
    this.row = tool("div", "", { className: "row" });
    this.row.append(label, this.output, this.toggle, this.add);
  }

  take(percent) {
    this.levels.percent = percent;
    this.words();
    this.levels.viewer.changed();
  }

  // A level under the pointer or with the focus shows its area, where areas are shown.
  peek(percent) { if (this.on) this.take(percent); }

  words() {
    const { percent, active, viewer } = this.levels;
    const { heat } = viewer;
    this.input.value = placeOf(percent);
    const kept = heat && heat.area ? shareText(heat, percent) : "";
    this.output.textContent = `${percent} %${kept ? `, keeps ${kept}` : ""}`;
    this.input.setAttribute("aria-valuetext", this.output.textContent);
    this.toggle.setAttribute("aria-pressed", String(this.on));
    this.add.disabled = active.includes(percent);
  }
}

// Own levels as text; Python reads them, and says what it cannot read.
class OwnLevels {
  constructor(levels) {
    this.row = tool("form", "", { className: "row" });
    const input = tool("input", "", { type: "text", placeholder: "15 or 4, 7.5", autocomplete: "off" });
    const label = tool("label", "Own levels, %", {});
    label.append(input);
    input.onkeydown = (event) => event.stopPropagation(); // letters typed here are no shortcuts
    this.row.onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim()) levels.viewer.say("own", input.value.slice(0, 400));
      input.value = "";
    };
    const paper = button("Paper's ten", "Back to 1, 2, 3, 5, 10, 20, 35, 50, 70 and 90 %", () => { levels.asked = null; levels.viewer.say("paper", true); });
    this.row.append(label, tool("button", "Add", { type: "submit", title: "Add these levels" }), paper);
  }
}

// The slider of areas is even in the logarithm: small areas matter most.
function areaAt(place) {
  return Number((LEAST_AREA * (MOST_AREA / LEAST_AREA) ** (place / 1000)).toPrecision(2));
}

function placeOf(percent) {
  return Math.round((1000 * Math.log(clamp(percent, LEAST_AREA, MOST_AREA) / LEAST_AREA)) / Math.log(MOST_AREA / LEAST_AREA));
}

// How much of the image a level really keeps: ties stay together.
function shareText(heat, percent) {
  const share = 100 * shareAtLeast(heat.sorted, levelThreshold(heat.sorted, percent));
  return `${share < 9.95 ? share.toFixed(1) : share.toFixed(0)} %`;
}

// The share of a sorted array that is at least a value.
function shareAtLeast(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return 1 - low / sorted.length;
}
