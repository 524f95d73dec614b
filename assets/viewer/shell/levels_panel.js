// The panel of area levels: a switch for each (one for those that keep the same area), a range slider, a slider
// for an area of any size whose mask is shown, and a text box for own levels.  Python is sent the levels when a
// control is released.

const BAR_PX = 36; // the height of the largest gain
const SWEEP_S = 7; // seconds that all levels play

class LevelsPanel {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.levels = viewer.levels;
    this.place = place;
    this.switches = new Map(); // the levels of a group, as text -> its button
    this.bars = element("div", "", { className: "bars" });
    this.bars.setAttribute("role", "group");
    this.bars.setAttribute("aria-label", "Area levels: the share of the image kept sharp");
    const sliders = element("div", "", { className: "sliders" });
    sliders.append(this.buildRange(), this.buildArea(), this.buildOwn());
    this.message = element("p", "", { className: "message" });
    this.message.setAttribute("role", "status");
    place.replaceChildren(this.bars, sliders, this.message);
  }

  buildRange() {
    this.low = this.buildRangeEnd("Levels from", "Smallest area level", "low");
    this.high = this.buildRangeEnd("to", "Largest area level", "high");
    this.player = new Player(SWEEP_S, (t) => this.sweepTo(t), () => { this.levels.set(this.before); this.changed(); this.commit(); });
    this.playing = toggle("Play", "The largest level runs from the smallest to all", () => this.player.isOn, () => (this.player.isOn ? this.player.stop() : this.play()));
    const row = element("div", "", { className: "row" });
    row.append(this.low.label, this.high.label, this.playing);
    return row;
  }

  // Sweep the range of levels, and come back to the one before; false where there are no levels.
  play() {
    if (this.place.hidden || !this.levels.offered.length) return false;
    this.player.stop();
    this.before = this.levels.active;
    this.swept = this.levels.groups.filter((group) => group.some((percent) => this.levels.gains.has(percent)));
    this.player.start();
    return true;
  }

  sweepTo(position) {
    const count = Math.min(this.swept.length, 1 + Math.floor(position * this.swept.length));
    const levels = this.swept.slice(0, count).flat();
    if (String(this.levels.active) === String(levels)) return;
    this.levels.set(levels);
    this.changed();
  }

  // Move the largest level by one; false where there are no levels.
  nudge(direction) {
    if (this.place.hidden || !this.levels.offered.length) return false;
    this.player.stop();
    const { input } = this.high;
    this.levels.setRange(Number(this.low.input.value), clamp(Number(input.value) + direction, 0, Number(input.max)), "high");
    this.changed();
    this.commit();
    return true;
  }

  buildRangeEnd(text, name, end) {
    const input = element("input", "", { type: "range", min: 0, step: 1 });
    input.setAttribute("aria-label", name);
    input.oninput = () => {
      this.player.stop();
      this.levels.setRange(Number(this.low.input.value), Number(this.high.input.value), end);
      this.changed();
    };
    input.onchange = () => this.commit();
    const output = element("output", "");
    const label = element("label", text);
    label.append(input, output);
    return { input, output, label };
  }

  // The slider for an area of any size: its mask over the picture, and the area that it really keeps.
  buildArea() {
    const { levels } = this;
    const input = element("input", "", { type: "range", min: 0, max: 1000, step: 1 });
    input.setAttribute("aria-label", "Area p");
    input.oninput = () => { levels.areaShown = true; this.showArea(areaAt(Number(input.value))); };
    const label = element("label", "Area p");
    label.append(input);
    const output = element("output", "");
    const shown = button("Show area", "The strongest p % of the map stay bright, the rest is dimmed: the mask M_p", () => {
      levels.areaShown = !levels.areaShown;
      this.showArea(levels.percent);
    });
    const add = button("Add", "Make p a level of the map", () => {
      levels.set([...levels.active, levels.percent]);
      this.changed();
      this.commit();
    });
    this.area = { input, output, shown, add };
    const row = element("div", "", { className: "row" });
    row.append(label, output, shown, add);
    return row;
  }

  // The text box for own levels; Python parses the text and returns what is wrong with it.
  buildOwn() {
    const { levels, viewer } = this;
    const row = element("form", "", { className: "row" });
    const input = textBox({ placeholder: "15 or 4, 7.5" });
    const label = element("label", "Own levels, %");
    label.append(input);
    row.onsubmit = (event) => {
      event.preventDefault();
      levels.forgetRequest();
      if (input.value.trim()) viewer.emit("own", input.value.slice(0, 400), false);
      input.value = "";
    };
    const paper = button("Paper's ten", "Back to 1, 2, 3, 5, 10, 20, 35, 50, 70 and 90 %", () => { levels.forgetRequest(); viewer.emit("paper", true); });
    row.append(label, element("button", "Add", { type: "submit", title: "Add these levels" }), paper);
    return row;
  }

  // Take the map, the offered levels and the problem of the last levels from Python.  While a map is being
  // computed the panel stays as it is, with its focus.
  update(heat, offered, problem) {
    this.showMessage(problem || "");
    if (this.levels.update(heat, offered)) this.combine();
    if (heat && heat.area) this.levels.sorted = heat.sorted;
    if (!offered.length) this.place.hidden = true;
    else if (heat && heat.area) { this.place.hidden = false; this.refresh(); }
  }

  showMessage(sentence) { this.message.textContent = sentence; this.message.hidden = !sentence; }

  changed() {
    this.showMessage("");
    this.combine();
    this.refresh();
    this.viewer.changed();
  }

  // Combine the map from the active levels whose gain is known; Python scores the others.
  combine() {
    const { heat } = this.viewer;
    if (heat && heat.area) heat.combine(this.levels.scored());
  }

  commit() {
    if (this.levels.requested) this.viewer.emit("levels", this.levels.requested);
  }

  flip(group) {
    this.player.stop();
    if (!this.levels.flip(group)) { this.showMessage("At least one level stays on."); return; }
    this.changed();
    this.commit();
  }

  showArea(percent) {
    this.levels.percent = percent;
    this.refreshArea();
    this.viewer.changed();
  }

  refresh() {
    const { active, gains, groups } = this.levels;
    this.playing.refresh();
    for (const [end, percent] of [[this.low, active[0]], [this.high, active[active.length - 1]]]) {
      const index = groups.findIndex((group) => group.includes(percent));
      end.input.max = groups.length - 1;
      end.input.value = index;
      end.output.textContent = groupText(groups[index] || [percent]);
      end.input.setAttribute("aria-valuetext", end.output.textContent);
    }
    const most = Math.max(1e-12, ...gains.values());
    this.showSwitches(groups, groups.map((group) => this.refreshSwitch(group, most)));
    this.refreshArea();
  }

  // Another map may merge other levels: the focus then goes to the switch that has the same level.
  showSwitches(groups, items) {
    const focused = [...this.bars.children].find(isFocused);
    replaceChildren(this.bars, items);
    if (!focused || items.includes(focused)) return;
    const [percent] = focused.dataset.levels.split(" ").map(Number);
    const index = groups.findIndex((group) => group.includes(percent));
    if (index >= 0) items[index].focus();
  }

  refreshArea() {
    const { percent, active, areaShown } = this.levels, { heat } = this.viewer;
    const { input, output, shown, add } = this.area;
    input.value = sliderPosition(percent);
    const kept = heat ? heat.keptText(percent) : "";
    output.textContent = `${percent} %${kept ? `, keeps ${kept}` : ""}`;
    input.setAttribute("aria-valuetext", output.textContent);
    shown.setAttribute("aria-pressed", String(areaShown));
    add.disabled = active.includes(percent);
  }

  // A group's switch, with its gain as a bar above and the area that it really keeps below.
  refreshSwitch(group, most) {
    const { heat } = this.viewer, key = group.join(" ");
    if (!this.switches.has(key)) this.switches.set(key, this.buildSwitch(group));
    const item = this.switches.get(key);
    const [, bar, gain, kept] = item.children;
    const delta = this.levels.gainOf(group);
    bar.style.height = `${delta === undefined ? 0 : Math.max(1, Math.round((BAR_PX * delta) / most))}px`;
    gain.textContent = delta === undefined ? "?" : delta.toFixed(2);
    kept.textContent = heat && heat.area ? `kept ${heat.keptText(group[0])}` : "";
    const rises = delta === undefined ? "not scored yet" : `the class's logit rises by ${delta.toPrecision(3)}`;
    item.title = group.length > 1
      ? `${group.join(", ")} %: as the map has equal values there, often 0, each keeps the same area sharp; one switch for all of them: ${rises}`
      : `Keep ${groupText(group)}${delta === undefined ? "" : " sharp, blur the rest"}: ${rises}`;
    item.setAttribute("aria-pressed", this.levels.stateOf(group));
    return item;
  }

  // While the area is shown, it is that of the group under the pointer or with the focus.
  buildSwitch(group) {
    const item = button("", "", () => this.flip(group)), merged = group.length > 1;
    item.dataset.levels = group.join(" ");
    item.classList.toggle("merged", merged);
    for (const name of ["pointerenter", "focus"]) {
      item.addEventListener(name, () => { if (this.levels.areaShown) this.showArea(group[0]); });
    }
    const label = `${groupText(group)}${merged ? ": same area" : ""}`;
    item.append(element("b", label), element("i", ""), element("span", ""), element("small", ""));
    return item;
  }
}
