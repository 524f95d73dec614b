// The panel of the curve stepper: the choice of a curve, a slider of patches, and a plot to drag along.

const ERASING_S = 9; // seconds that the whole curve plays

class StepperPanel {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.stepper = viewer.stepper;
    this.place = place;
    const kinds = [["off", "off"], ["insertion", "insertion"], ["deletion", "deletion"]];
    this.choice = choice("Step through a curve", kinds, () => this.stepper.kind, (kind) => { this.stepper.kind = kind; this.changed(); });
    this.input = element("input", "", { type: "range", min: 0, step: 1, value: 0 });
    this.input.setAttribute("aria-label", "Patches changed");
    this.input.oninput = () => { this.player.stop(); this.stepper.moveTo(Number(this.input.value)); this.changed(); };
    // The first percents change most: they play slowly.
    this.player = new Player(ERASING_S, (t) => { this.stepper.moveTo(t * t * this.stepper.patches); this.changed(); }, () => this.refresh());
    this.playing = toggle("Play", "Change patch after patch", () => this.player.isOn, () => (this.player.isOn ? this.player.stop() : this.play()));
    this.plot = element("canvas", "", { width: 360, height: 96 });
    this.plot.setAttribute("role", "img");
    this.plot.onpointerdown = (event) => { this.plot.setPointerCapture(event.pointerId); this.drag(event); };
    this.plot.onpointermove = (event) => { if (this.plot.hasPointerCapture(event.pointerId)) this.drag(event); };
    this.caption = element("output", "");
    place.replaceChildren(this.choice, this.playing, this.input, this.plot, this.caption);
  }

  // Play the curve that is chosen, or deletion; false while there is none.
  play() {
    if (!this.stepper.data) return false;
    if (this.stepper.kind === "off") this.stepper.kind = "deletion";
    this.choice.refresh();
    this.player.start();
    return true;
  }

  // Move by a fiftieth of the curve; false where no curve is chosen.
  nudge(direction) {
    if (!this.stepper.isOn) return false;
    this.player.stop();
    this.stepper.moveTo(this.stepper.step + (direction * this.stepper.patches) / 50);
    this.changed();
    return true;
  }

  // Take the curves so far of the current map from Python; null while there are none.  If they `follow`
  // in a later message, their place is reserved, so that nothing below moves.
  async update(data, follows) {
    this.latest = data;
    this.place.hidden = !data && !follows;
    this.place.style.visibility = data ? "" : "hidden";
    if (!data) { this.player.stop(); this.stepper.clear(); return; }
    if (this.stepper.needsImages(data)) {
      const [image, blurred] = await Promise.all([loadGrey(data.image), loadGrey(data.blurred)]);
      if (this.latest !== data) return; // newer curves arrived while decoding
      this.stepper.update(data, image.grey, blurred.grey);
    } else {
      this.stepper.update(data);
    }
    this.input.max = this.stepper.patches;
    this.choice.refresh();
    this.refresh();
  }

  changed() {
    this.refresh();
    this.viewer.changed();
  }

  drag(event) {
    const { stepper } = this, box = this.plot.getBoundingClientRect();
    if (!stepper.data) return;
    this.player.stop();
    if (stepper.kind === "off") stepper.kind = "insertion";
    this.choice.refresh();
    stepper.moveTo(((event.clientX - box.left) / box.width) * stepper.patches);
    this.changed();
  }

  refresh() {
    const { stepper } = this;
    this.input.disabled = stepper.kind === "off";
    this.playing.refresh();
    this.input.value = stepper.step;
    drawCurves(this.plot, stepper);
    if (stepper.data) this.plot.setAttribute("aria-label", "Insertion (solid) and deletion (dashed) curve");
    this.caption.textContent = stepper.isOn ? stepper.caption() : "Choose a curve, or drag along it.";
    if (stepper.isOn) this.input.setAttribute("aria-valuetext", this.caption.textContent);
  }
}
