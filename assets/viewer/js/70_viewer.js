// The viewer: pictures in, panes out.  It lives as long as its place on the page does, so that zoom,
// window and opacity stay when Python sends a better map of the same case.

class Viewer {
  constructor(root) {
    this.root = root;
    this.view = new View();
    this.look = { level: 127.5, window: 255, preset: "stored", invert: false, opacity: 0.55, heat: "fill", contours: [25, 50, 75], outline: false, plain: true, recombined: false, blinking: false };
    this.pictures = {};
    this.panes = [];
    this.frames = 0;
    this.watcher = new ResizeObserver(() => this.changed());
    this.watcher.observe(root.querySelector(".panes"));
  }

  async show(data) {
    this.data = data;
    this.first = data.first;
    this.root.classList.toggle("blind", Boolean(data.blind));
    this.root.classList.toggle("levelled", data.offered.length > 0);
    if (!this.tables) {
      this.tables = data.tables.map((t) => ({ name: t.name, colours: bytesOf(t.colours) }));
      this.look.diverging = { name: "diverging", colours: bytesOf(data.diverging) };
      this.look.table = this.tables[0];
      this.tools = buildTools(this);
      this.levels = new Levels(this, this.root.querySelector(".levels"));
      this.scrub = new Scrub(this, this.root.querySelector(".scrub"));
      this.marks = new Marks(this, this.root.querySelector(".marks"));
      this.address = new Address(this);
      this.root.querySelector(".tools").replaceChildren(...this.tools.rows);
    }
    const news = data.case.digest !== this.shown;
    if (news && data.case.digest !== this.coming) this.begin(data);
    this.address.take(data.look);
    // The browser decodes beside this script, which makes the heat meanwhile.
    const names = this.look.recombined ? ["low", "recombined"] : ["low"];
    const decoding = news ? loadPictures(data.case, names) : null;
    const known = news ? null : this.heat;
    const heat = known && data.heat && nameOf(known) === nameOf(data.heat) ? known : data.heat && prepareHeat(data.heat);
    if (news) {
      const pictures = await decoding;
      if (this.data !== data) return; // overtaken while decoding
      this.pictures = pictures;
      this.shown = data.case.digest;
      this.heat = null;
    }
    this.marks.take(data.marks);
    if (!data.heat) this.heat = this.levels.waits() && data.offered.length ? this.heat : null;
    else this.heat = heat;
    this.levels.take(this.heat, data.offered, data.problem);
    if (this.scrub.kind === "off") this.changed();
    await this.scrub.take(data.scrub, data.follows);
    this.changed();
    await this.complete(data);
  }

  // A case begins as it is stored, and fitted; but where another place of the page showed it last,
  // as it was looked at there: after a blind reading the eye stays where it was.
  begin(data) {
    this.coming = data.case.digest; // its map may get better while its picture is decoded
    this.view.reset();
    this.preset("stored");
    const { last } = Viewer;
    if (last && last !== this && !this.shown && last.shown === data.case.digest) {
      const { level, window, preset, invert, outline } = last.look, { zoom, x, y } = last.view;
      Object.assign(this.look, { level, window, preset, invert, outline });
      Object.assign(this.view, { zoom, x, y });
    }
    if (data.blind) Object.assign(this.look, { recombined: true, outline: false });
  }

  // What the first sight of a case does not need.
  async complete(data) {
    const { pictures } = this;
    if (this.shown !== data.case.digest) return; // overtaken
    if (data.case.recombined && !pictures.recombined) {
      pictures.recombined = await loadPicture(data.case, "recombined");
    }
    await this.takeOutlines(data);
    this.changed();
  }

  // What was marked by the source may come later than the picture: after a blind reading.
  async takeOutlines(data) {
    const { pictures } = this;
    for (const [name, picture] of Object.entries(pictures)) {
      if (this.shown !== data.case.digest || this.pictures !== pictures) return; // overtaken
      const { mask } = data.case[name];
      const changed = Boolean(mask) !== Boolean(picture.outline);
      if (changed) picture.outline = mask ? await loadOutline(mask) : null;
      if (mask && data.truth && changed) this.look.outline = true;
    }
  }

  hasOutline() { return ["low", "recombined"].some((name) => this.data.case[name] && this.data.case[name].mask); }

  hasRecombined() { return Boolean(this.data.case.recombined); }

  changed() {
    if (this.address) this.address.rest();
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    if (!this.data || !this.shown) return;
    Viewer.last = this;
    this.layOut();
    this.look.area = this.levels.area.on && this.data.offered.length ? this.levels.percent : 0;
    for (const pane of this.panes) {
      const box = pane.canvas.getBoundingClientRect();
      pane.ratio = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(box.width * pane.ratio)), height = Math.max(1, Math.round(box.height * pane.ratio));
      if (pane.canvas.width !== width || pane.canvas.height !== height) Object.assign(pane.canvas, { width, height });
      const blinked = this.look.blinking && pane.role === "heat";
      const swap = blinked && this.look.recombined && this.pictures.recombined;
      pane.picture = swap || pane.role === "recombined" ? this.pictures.recombined : this.pictures.low;
      pane.heat = pane.role === "heat" && !blinked ? this.heat : null;
      pane.scrub = pane.role === "heat" && !blinked && this.scrub.on ? this.scrub : null;
      pane.cursor = this.pointed && this.pointed.pane !== pane ? this.pointed : null;
      pane.marks = this.marks;
      drawPane(pane, this.look, this.view);
      pane.canvas.dataset.drawn = String((this.frames += 1));
    }
    this.tools.refresh();
    this.drawBar();
    if (this.pictures.low) this.note("first picture");
    if (this.heat) this.note("first map");
    if (this.first && this.pictures.low) this.sayDrawn();
  }

  // Python sends what is heavy to load after the first picture: see ui/first_sight.py.
  sayDrawn() {
    this.first = false;
    this.say("drawn", true);
  }

  // When the page first drew it, for the browser's own performance tools.
  note(what) {
    if (!performance.getEntriesByName(what).length) performance.mark(what);
  }

  // The colour bar, in the class's score.
  drawBar() {
    const bar = this.root.querySelector(".bar");
    const signed = this.look.heat === "signed";
    const most = this.heat && (signed ? signedHeat(this.heat).most : this.heat.scale);
    bar.hidden = !most || this.look.heat === "off";
    if (bar.hidden) return;
    const canvas = bar.querySelector("canvas");
    const context = canvas.getContext("2d");
    const colours = (signed ? this.look.diverging : this.look.table).colours;
    for (let i = 0; i < 256; i += 1) {
      context.fillStyle = `rgb(${colours[3 * i]}, ${colours[3 * i + 1]}, ${colours[3 * i + 2]})`;
      context.fillRect(i, 0, 1, 1);
    }
    canvas.setAttribute("aria-label", `Colour scale from ${signed ? "minus the most" : "no evidence"} to the most`);
    if (this.data.words.score) bar.querySelector(".class").textContent = this.data.words.score;
    bar.querySelector("span:nth-child(2)").textContent = signed ? `\u2212${most.toPrecision(3)}` : "0";
    bar.querySelector(".most").textContent = most.toPrecision(3);
    bar.querySelector(".unit").textContent = this.heat.unit;
  }

  // The panes that are wanted, from left to right; a pane that stays keeps its focus.
  layOut() {
    const wanted = [];
    if (this.look.plain && !this.data.blind) wanted.push("plain");
    wanted.push("heat");
    if (this.look.recombined && this.hasRecombined()) wanted.push("recombined");
    const names = { plain: "original", heat: this.scrub.on ? `${this.scrub.kind}, as scored` : this.heat && this.look.heat !== "off" ? "with the heatmap" : "low-energy", recombined: "recombined" };
    const kept = new Map(this.panes.map((pane) => [pane.role, pane]));
    this.panes = wanted.map((role) => kept.get(role) || this.makePane(role));
    const place = this.root.querySelector(".panes");
    const elements = this.panes.map((pane) => pane.element);
    if (elements.some((e, i) => place.children[i] !== e) || place.children.length !== elements.length) {
      const focused = this.root.getRootNode().activeElement;
      place.replaceChildren(...elements);
      if (focused && elements.some((e) => e.contains(focused))) focused.focus();
    }
    for (const pane of this.panes) {
      pane.name.textContent = names[pane.role];
      pane.canvas.setAttribute("aria-label", this.data.words[pane.role]);
      if (pane.role === "heat") pane.canvas.dataset.map = this.heat && this.heat.scale && !this.levels.asked ? this.heat.digest : "";
    }
  }

  makePane(role) {
    const element = tool("div", "", { className: "pane" });
    const canvas = tool("canvas", "", { tabIndex: 0 });
    canvas.setAttribute("role", "img");
    const name = tool("span", "", { className: "name" });
    name.setAttribute("aria-hidden", "true");
    element.append(canvas, name);
    const pane = { role, element, canvas, name, ratio: 1 };
    attachHands(this, pane);
    return pane;
  }

  preset(name) {
    if (PRESETS[name]) [this.look.level, this.look.window] = PRESETS[name];
    this.look.preset = name;
    this.changed();
  }

  windowBy(dx, dy) {
    this.look.window = clamp(this.look.window + dx, 2, 510);
    this.look.level = clamp(this.look.level + dy * 0.5, 0, 255);
    this.look.preset = "own";
  }

  zoomCentre(factor) {
    const pane = this.panes.find((p) => p.role === "heat");
    this.view.zoomAt(pane.picture, pane.canvas, pane.canvas.width / 2, pane.canvas.height / 2, factor);
    this.changed();
  }

  oneToOne() {
    const pane = this.panes.find((p) => p.role === "heat");
    this.view.oneToOne(pane.picture, pane.canvas, pane.ratio);
    this.changed();
  }

  blink(on) {
    if (this.look.blinking === on) return;
    this.look.blinking = on;
    this.changed();
  }

  markCentre(pane) {
    const at = this.view.transform(pane.picture, pane.canvas);
    this.marks.put(pane.picture.name, at.cx, at.cy, (12 * pane.ratio) / at.scale);
  }

  // True where the key did something.
  key(pressed, pane) {
    const { look, view } = this;
    const step = 60 * pane.ratio;
    const modes = ["fill", "contours", "signed", "off"];
    const acts = {
      ArrowLeft: () => view.pan(pane.picture, pane.canvas, step, 0),
      ArrowRight: () => view.pan(pane.picture, pane.canvas, -step, 0),
      ArrowUp: () => view.pan(pane.picture, pane.canvas, 0, step),
      ArrowDown: () => view.pan(pane.picture, pane.canvas, 0, -step),
      "+": () => this.zoomCentre(1.25), "=": () => this.zoomCentre(1.25), "-": () => this.zoomCentre(0.8),
      0: () => view.reset(), 1: () => this.oneToOne(),
      i: () => { look.invert = !look.invert; }, w: () => this.preset("stored"),
      o: () => { look.outline = !look.outline; },
      h: () => { look.heat = modes[(modes.indexOf(look.heat) + 1) % modes.length]; },
      "[": () => { look.opacity = clamp(Math.round(20 * look.opacity - 1) / 20, 0, 1); },
      "]": () => { look.opacity = clamp(Math.round(20 * look.opacity + 1) / 20, 0, 1); },
      b: () => this.blink(true),
      m: () => this.markCentre(pane),
    };
    const act = acts[pressed] || acts[pressed.toLowerCase()];
    if (!act || !pane.picture) return false;
    act();
    this.changed();
    return true;
  }

  // What lies under the pointer, in words and numbers; the same place is marked in the other panes.
  point(where) {
    const line = this.root.querySelector(".readout");
    if (!where || !where.pane.picture) { this.pointed = null; line.textContent = "\u00a0"; this.changed(); return; }
    const { picture } = where.pane;
    const column = Math.floor(where.x), row = Math.floor(where.y);
    this.pointed = { pane: where.pane, x: where.x / picture.width, y: where.y / picture.height };
    const inside = column >= 0 && row >= 0 && column < picture.width && row < picture.height;
    line.textContent = inside ? this.words(where.pane, column, row) : "\u00a0";
    this.changed();
  }

  words(pane, column, row) {
    const { picture } = pane;
    let said = `column ${column}, row ${row} \u00b7 grey ${picture.grey[row * picture.width + column]}`;
    const { heat } = this;
    if (heat && picture === this.pictures.low) {
      const { crop, scale, pad } = heat.geometry;
      const x = Math.floor((column + 0.5 - crop[0]) * scale + pad[0]), y = Math.floor((row + 0.5 - crop[1]) * scale + pad[1]);
      const seen = column >= crop[0] && row >= crop[1] && column < crop[2] && row < crop[3];
      if (seen && x >= 0 && y >= 0 && x < heat.size && y < heat.size) {
        const v = heat.values[y * heat.size + x], signed = signedHeat(heat);
        said += ` \u00b7 heat ${v.toFixed(2)} (${(v * heat.scale).toPrecision(3)} of ${heat.unit})`;
        said += ` \u00b7 before ReLU ${(signed.values[y * heat.size + x] * signed.most).toPrecision(3)}`;
        said += this.scrub.rankAt(x, y);
      }
    }
    return said;
  }

  end() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.waiting);
    if (this.address) this.address.end();
  }
}

// A map's name: another level with no gain leaves the map as it was, and is news all the same.
function nameOf(heat) { return `${heat.digest}|${heat.levels || ""}`; }

export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  if (!root.viewer) root.viewer = new Viewer(root);
  root.viewer.say = component.setTriggerValue;
  root.viewer.show(component.data);
  return () => { root.viewer.end(); root.viewer = null; };
}
