// Hybrid-CAM's area levels under the hand: the map follows while a range is slid over them, and
// Python is asked on release.

class Levels {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.place = place;
    this.known = new Map(); // percent -> delta, of the map on show
    const handle = (end) => {
      const input = tool("input", "", { type: "range", min: 0, step: 1 });
      const output = tool("output", "", {});
      input.oninput = () => this.slide(end);
      input.onchange = () => this.commit();
      const label = tool("label", end === "low" ? "Levels from" : "to", {});
      input.setAttribute("aria-label", end === "low" ? "Smallest area level" : "Largest area level");
      label.append(input, output);
      return { input, output, label };
    };
    this.low = handle("low");
    this.high = handle("high");
    this.bars = tool("ol", "", {});
    this.bars.setAttribute("aria-label", "Gain of each level");
    place.replaceChildren(this.low.label, this.high.label, this.bars);
  }

  // What Python says: the map's levels and gains, and the levels on offer.
  take(heat, offered) {
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
    for (const end of [this.low, this.high]) end.input.max = offered.length - 1;
    this.low.input.value = offered.indexOf(active[0]);
    this.high.input.value = offered.indexOf(active[active.length - 1]);
    this.words();
  }

  // Whether Python's answer to the hand is still on its way.
  waits() { return Boolean(this.asked) && Date.now() < this.until; }

  slide(end) {
    const low = Number(this.low.input.value), high = Number(this.high.input.value);
    if (low > high) (end === "low" ? this.high : this.low).input.value = end === "low" ? low : high;
    this.active = this.offered.slice(Number(this.low.input.value), Number(this.high.input.value) + 1);
    this.asked = this.active;
    this.until = Date.now() + 8000;
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
    const { heat } = this.viewer;
    this.low.output.textContent = `${this.active[0]} %`;
    this.high.output.textContent = `${this.active[this.active.length - 1]} %`;
    const most = Math.max(1e-12, ...this.known.values());
    this.bars.replaceChildren(...this.offered.map((percent) => {
      const delta = this.known.get(percent);
      const item = tool("li", "", {});
      const bar = tool("i", "", {});
      bar.style.height = `${delta === undefined ? 0 : Math.round(28 * delta / most)}px`;
      const threshold = heat ? levelThreshold(heat.sorted, percent) : 0;
      const share = heat ? 100 * shareAtLeast(heat.sorted, threshold) : percent;
      item.title = delta === undefined ? "not scored yet" : `gain ${delta.toPrecision(3)}, covers ${share.toFixed(1)} %`;
      item.classList.toggle("out", !this.active.includes(percent));
      item.append(bar, tool("span", `${percent} %`, {}));
      return item;
    }));
  }
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
