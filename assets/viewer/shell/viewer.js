// The viewer component: takes data from Python and draws panes and tools.  It lives as long as its element
// is on the page, so that zoom, window and opacity stay when Python sends a better map of the same case.
//
// Input by pointer, key or tool changes the model (viewport, levels, stepper, marks); changed() then draws
// everything at the next frame.  emit() sends messages to Python.

class Viewer {
  constructor(root) {
    this.root = root;
    this.pictures = {}; // by name ("low", "recombined"), see drawing/pictures.js
    this.heat = null;
    this.before = null; // the pictures and the map of the unchanged case, where two are compared
    this.panes = [];
    this.frames = 0;
    this.levels = new AreaLevels();
    this.stepper = new CurveStepper();
    this.marks = new MarkList();
    this.outbox = new Outbox();
    this.stepLayer = new StepLayer(this.stepper);
    this.nudge = (event) => { if (this.viewport) this.nudgeControl(event.detail); };
    document.addEventListener("cesm-nudge", this.nudge); // from a key that no element uses, see assets/pages/demo_keys.js
    this.resizeObserver = new ResizeObserver(() => this.changed());
    this.resizeObserver.observe(root.querySelector(".panes"));
    for (const [name, colour] of Object.entries(DEFAULTS.colours)) root.style.setProperty(`--${name}`, colour);
  }

  get zoom() { return this.viewport.zoom; }

  // Take the data from Python, see ui/viewer.py.
  async show(data) {
    this.data = data;
    this.first = data.first;
    this.outbox.answered(data.answered);
    this.root.classList.toggle("blind", Boolean(data.blind));
    this.root.classList.toggle("levelled", data.offered.length > 0);
    if (!this.viewport) this.build(data);
    const name = shownName(data), isNew = name !== this.shown;
    if (isNew && name !== this.loading) this.beginCase(data);
    if (this.addressBar.update(data.viewport)) this.changed();
    // The browser decodes pictures in parallel to this script, which computes the map meanwhile.
    const names = this.viewport.recombined ? ["low", "recombined"] : ["low"];
    const decoding = isNew ? Promise.all([loadPictures(data.case, names), loadBefore(data.before, names)]) : null;
    const previous = isNew ? null : this.heat;
    const isSame = previous && data.heat && heatmapName(previous) === heatmapName(data.heat);
    const heat = isSame ? previous : data.heat && new Heatmap(data.heat);
    if (isNew) {
      const [pictures, before] = await decoding;
      if (this.data !== data) return; // newer data arrived while decoding
      Object.assign(this, { pictures, before, differences: {} });
      this.shown = name;
      this.heat = null;
    }
    if (this.before) this.before.takeHeat(data.before.heat);
    this.marksPanel.update(data.marks);
    if (data.heat) this.heat = heat;
    else if (!this.levels.isWaiting() || !data.offered.length) this.heat = null;
    this.levelsPanel.update(this.heat, data.offered, data.problem);
    if (this.stepper.kind === "off") this.changed();
    await this.stepperPanel.update(data.scrub, data.follows);
    this.changed();
    this.playOnce(data.play);
    await this.loadDeferred(data);
  }

  // Let the control that `name` means play once: "levels" or "curve", and a number that tells one time from
  // the next.  It waits until there is something to play.
  playOnce(name) {
    if (!name || name === Viewer.played || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const panel = name.startsWith("levels") ? this.levelsPanel : this.stepperPanel;
    if (this.shown === this.data.case.digest && this.heat && panel.play()) Viewer.played = name;
  }

  // Move the control that a scene is about, by one step.
  nudgeControl(direction) {
    if (this.stepperPanel.nudge(direction) || this.levelsPanel.nudge(direction)) return;
    this.viewport.stepOpacity(direction);
    this.changed();
  }

  build(data) {
    const decode = (table) => ({ name: table.name, colours: bytesOf(table.colours) });
    this.viewport = new Viewport(data.tables.map(decode), decode({ name: "diverging", colours: data.diverging }));
    const place = (name) => this.root.querySelector(`.${name}`);
    this.tools = buildTools(this);
    this.levelsPanel = new LevelsPanel(this, place("levels"));
    this.stepperPanel = new StepperPanel(this, place("scrub"));
    this.marksPanel = new MarksPanel(this, place("marks"));
    this.addressBar = new AddressBar(this);
    place("tools").replaceChildren(...this.tools.row);
  }

  // Start a new case fitted, with its stored window.  If another viewer element of the page showed the same
  // case last, its viewport is taken over: zoom and window stay after a blind reading.
  beginCase(data) {
    const { viewport } = this, { last } = Viewer, first = (data.before || data.case).digest;
    this.loading = shownName(data); // a better map may arrive while the picture is decoded
    if (first === this.began) return; // the same case, changed in another way: zoom and window stay
    this.began = first;
    viewport.zoom.reset();
    viewport.setPreset("stored");
    if (last && last !== this && !this.shown && last.shown === this.loading) {
      const { level, window: width, preset, invert, outline } = last.viewport, { factor, x, y } = last.zoom;
      Object.assign(viewport, { level, window: width, preset, invert, outline });
      Object.assign(viewport.zoom, { factor, x, y });
    }
    if (data.blind) Object.assign(viewport, { recombined: true, outline: false });
    this.changed();
  }

  // Load what the first picture of a case does not need.
  async loadDeferred(data) {
    const { pictures, before } = this;
    if (this.shown !== shownName(data)) return; // another case arrived meanwhile
    if (data.case.recombined && !pictures.recombined) {
      pictures.recombined = await loadPicture(data.case, "recombined");
    }
    if (before && data.before.recombined && !before.pictures.recombined) {
      before.pictures.recombined = await loadPicture(data.before, "recombined");
    }
    await this.updateOutlines(data, data.case, pictures);
    if (before) await this.updateOutlines(data, data.before, before.pictures);
    this.changed();
  }

  // The masks may arrive later than the pictures: in blind reading they are sent after the answer.
  async updateOutlines(data, caseData, pictures) {
    for (const [name, picture] of Object.entries(pictures)) {
      if (this.shown !== shownName(data)) return; // another case arrived meanwhile
      const { mask } = caseData[name];
      const changed = Boolean(mask) !== Boolean(picture.outline);
      if (changed) picture.outline = mask ? await loadOutline(mask) : null;
      if (mask && data.truth && changed) this.viewport.outline = true;
    }
  }

  hasOutline() { return ["low", "recombined"].some((name) => this.data.case[name] && this.data.case[name].mask); }

  hasBreast() { return Boolean(this.heat && this.heat.inside); }

  hasRecombined() { return Boolean(this.data.case.recombined); }

  emit(name, value, replaces = true) { this.outbox.emit(name, value, replaces); }

  changed() {
    if (this.addressBar) this.addressBar.schedule();
    if (this.frameRequest) return;
    this.frameRequest = requestAnimationFrame(() => { this.frameRequest = 0; this.draw(); });
  }

  draw() {
    if (!this.data || !this.shown) return;
    Viewer.last = this;
    if (!this.heat) this.heatLayer = null;
    else if (!this.heatLayer || this.heatLayer.heat !== this.heat) this.heatLayer = new HeatLayer(this.heat);
    this.layOut();
    for (const pane of this.panes) {
      this.preparePane(pane);
      drawPane(pane, this.viewport);
      pane.canvas.dataset.drawn = String((this.frames += 1));
    }
    this.tools.refresh();
    this.refreshBar();
    if (this.pictures.low) this.markTime("first picture");
    if (this.heat) this.markTime("first map");
    if (this.first && this.pictures.low) {
      this.first = false;
      this.emit("drawn", true); // Python then sends the deferred parts of the page, see ui/deferred.py
    }
  }

  // Set what a pane shows where a changed case lies beside the unchanged one: "plain" is the unchanged one.
  // Holding the blink key shows it in the place of the changed one.
  preparePair(pane) {
    const { before, viewport } = this, kind = viewport.recombined && this.hasRecombined() ? "recombined" : "low";
    const changed = this.pictures[kind], unchanged = before.pictures[kind];
    const isBefore = pane.role === "plain" || (pane.role === "heat" && this.blinking);
    pane.picture = isBefore ? unchanged : changed;
    pane.heatLayer = kind === "recombined" ? null : isBefore ? before.heatLayer : this.heatLayer;
    pane.window = null;
    if (pane.role !== "difference") return;
    if (!this.differences[kind] && changed && unchanged) this.differences[kind] = differenceOf(changed, unchanged);
    Object.assign(pane, { picture: this.differences[kind], heatLayer: null, window: STORED_WINDOW });
  }

  // Set what a pane shows, see drawing/pane.js.
  preparePane(pane) {
    const { viewport, pictures } = this, { canvas } = pane;
    const box = canvas.getBoundingClientRect();
    pane.ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(box.width * pane.ratio)), height = Math.max(1, Math.round(box.height * pane.ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const isBlinking = this.blinking && pane.role === "heat";
    const swap = isBlinking && viewport.recombined && pictures.recombined;
    const overlaid = pane.role === "heat" && !isBlinking;
    pane.picture = swap || pane.role === "recombined" ? pictures.recombined : pictures.low;
    pane.heatLayer = overlaid ? this.heatLayer : null;
    if (this.before) this.preparePair(pane);
    pane.area = this.levels.areaShown && this.data.offered.length ? this.levels.percent : 0;
    pane.stepLayer = overlaid && this.stepper.isOn ? this.stepLayer : null;
    pane.cursor = this.pointed && this.pointed.pane !== pane ? this.pointed : null;
    pane.marks = this.marks;
  }

  // Record when something was first drawn, for the browser's performance tools.
  markTime(what) {
    if (!performance.getEntriesByName(what).length) performance.mark(what);
  }

  // The colour bar, in units of the class score.
  refreshBar() {
    const { heat, viewport } = this, bar = this.root.querySelector(".bar");
    const signed = viewport.heat === "signed";
    const most = heat && (signed ? heat.signed.most : heat.scale);
    bar.hidden = viewport.heat === "off" || Boolean(this.data.blind);
    bar.style.visibility = most ? "" : "hidden"; // its place stays, so that nothing below moves
    if (bar.hidden || !most) return;
    const canvas = bar.querySelector("canvas");
    drawColourBar(canvas, viewport.shownTable);
    canvas.setAttribute("aria-label", `Colour scale from ${signed ? "minus the most" : "no evidence"} to the most`);
    if (this.data.words.score) bar.querySelector(".class").textContent = this.data.words.score;
    bar.querySelector("span:nth-child(2)").textContent = signed ? `\u2212${most.toPrecision(3)}` : "0";
    bar.querySelector(".most").textContent = most.toPrecision(3);
    bar.querySelector(".unit").textContent = heat.unit;
  }

  // Arrange the panes from left to right; a pane that stays keeps its focus.
  layOut() {
    const { viewport, heat, stepper } = this;
    const roles = [];
    if (viewport.plain && !this.data.blind) roles.push("plain");
    roles.push("heat");
    if (this.before) roles.push("difference");
    else if (viewport.recombined && this.hasRecombined()) roles.push("recombined");
    const overlaid = heat && viewport.heat !== "off" ? "with the heatmap" : this.data.words.low || "low-energy";
    const names = { plain: "original", heat: stepper.isOn ? `${stepper.kind}, as scored` : overlaid, recombined: "recombined" };
    if (this.before) Object.assign(names, pairNames(viewport.recombined && this.hasRecombined()));
    const existing = new Map(this.panes.map((pane) => [pane.role, pane]));
    this.panes = roles.map((role) => existing.get(role) || this.buildPane(role));
    replaceChildren(this.root.querySelector(".panes"), this.panes.map((pane) => pane.element));
    for (const pane of this.panes) {
      pane.name.textContent = names[pane.role];
      pane.canvas.setAttribute("aria-label", this.data.words[pane.role]);
      if (pane.role === "heat") pane.canvas.dataset.map = heat && heat.scale && !this.levels.requested ? heat.digest : "";
    }
  }

  buildPane(role) {
    const canvas = element("canvas", "", { tabIndex: 0 });
    canvas.setAttribute("role", "img");
    const name = element("span", "", { className: "name" });
    name.setAttribute("aria-hidden", "true");
    const pane = { role, canvas, name, ratio: 1, element: element("div", "", { className: "pane" }) };
    pane.element.append(canvas, name);
    attachPointer(this, pane);
    attachKeys(this, pane);
    return pane;
  }

  // Zoom about the centre of the pane with the heatmap.
  zoomCentre(factor) {
    const { picture, canvas } = this.panes.find((pane) => pane.role === "heat");
    this.zoom.zoomAt(picture, canvas, canvas.width / 2, canvas.height / 2, factor);
  }

  oneToOne() {
    const { picture, canvas, ratio } = this.panes.find((pane) => pane.role === "heat");
    this.zoom.oneToOne(picture, canvas, ratio);
  }

  blink(on) {
    if (Boolean(this.blinking) === on) return;
    this.blinking = on;
    this.changed();
  }

  toggleMark(picture, x, y, reach) {
    if (this.marks.toggle(picture.name, x, y, reach)) this.marksPanel.changed();
  }

  // Set the point of a pane's picture under the pointer, { pane, x, y }, or null.  The readout describes it,
  // and the other panes show a cursor at the same place.
  setPointed(point) {
    const line = this.root.querySelector(".readout");
    const picture = point && point.pane.picture;
    this.pointed = picture ? { pane: point.pane, x: point.x / picture.width, y: point.y / picture.height } : null;
    line.textContent = picture ? this.describe(picture, Math.floor(point.x), Math.floor(point.y)) : "\u00a0";
    this.changed();
  }

  // The readout of a pixel.
  describe(picture, column, row) {
    if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) return "\u00a0";
    const { heat, stepper } = this;
    let text = `column ${column}, row ${row} \u00b7 grey ${picture.grey[row * picture.width + column]}`;
    const pixel = heat && picture === this.pictures.low && networkPixel(heat.geometry, heat.size, column, row);
    if (!pixel) return text;
    const [x, y] = pixel, i = y * heat.size + x, { signed } = heat;
    text += ` \u00b7 heat ${heat.values[i].toFixed(2)} (${(heat.values[i] * heat.scale).toPrecision(3)} of ${heat.unit})`;
    text += ` \u00b7 before ReLU ${(signed.values[i] * signed.most).toPrecision(3)}`;
    if (!heat.isInside(x, y)) text += " \u00b7 outside the breast";
    if (stepper.data) text += ` \u00b7 patch ${stepper.rankText(x, y)} of ${stepper.patches} in relevance`;
    return text;
  }

  end() {
    document.removeEventListener("cesm-nudge", this.nudge);
    if (this.stepperPanel) for (const panel of [this.stepperPanel, this.levelsPanel]) panel.player.cancel();
    this.resizeObserver.disconnect();
    cancelAnimationFrame(this.frameRequest);
    if (this.addressBar) this.addressBar.end();
    this.outbox.end();
  }
}

// Identifies what is on show.
function shownName(data) { return data.case.digest + (data.before ? ` ${data.before.digest}` : ""); }

export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  if (!root.viewer) root.viewer = new Viewer(root);
  root.viewer.outbox.send = component.setTriggerValue;
  root.viewer.show(component.data);
  return () => { root.viewer.end(); root.viewer = null; };
}
