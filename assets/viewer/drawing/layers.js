// The layers of a pane: canvases that are repainted only when their content changes.

// Paint the grey picture with a window and level.
function paintPicture(picture, { level, window: width, invert }) {
  const painted = `${level}|${width}|${invert}`;
  if (picture.painted === painted) return;
  const shades = Uint32Array.from(windowTable(level, width, invert), greyWord), { grey } = picture;
  paintWords(picture.canvas, (out) => {
    for (let i = 0; i < out.length; i += 1) out[i] = shades[grey[i]];
  });
  picture.painted = painted;
}

class HeatLayer {
  constructor(heat) { this.heat = heat; }

  // The map in colours; their opacity rises with the heat, from 0 where the heat is 0, and outside the
  // breast where only the breast is shown.
  colours(viewport) {
    const { heat } = this, { opacity, shownTable } = viewport, signed = viewport.heat === "signed";
    const inside = viewport.inside ? heat.inside : null;
    const painted = `${heat.version}|${opacity}|${signed}|${shownTable.name}|${Boolean(inside)}`;
    this.canvas = this.canvas || canvasOf(heat.size, heat.size);
    if (this.painted === painted) return this.canvas;
    const shades = new Uint32Array(256), table = shownTable.colours;
    for (let k = 0; k < 256; k += 1) {
      const strength = signed ? Math.abs(k / 127.5 - 1) : k / 255;
      const alpha = Math.round(255 * opacity * (1 - (1 - strength) ** 2));
      shades[k] = (alpha << 24) | (table[3 * k + 2] << 16) | (table[3 * k + 1] << 8) | table[3 * k];
    }
    const values = signed ? heat.signed.values : heat.values;
    paintWords(this.canvas, (out) => {
      if (signed) for (let i = 0; i < out.length; i += 1) out[i] = shades[((values[i] + 1) * 127.5 + 0.5) | 0];
      else for (let i = 0; i < out.length; i += 1) out[i] = shades[(values[i] * 255 + 0.5) | 0];
      if (inside) for (let i = 0; i < out.length; i += 1) if (!inside[i]) out[i] = 0;
    });
    this.painted = painted;
    return this.canvas;
  }

  // The mask M_p of an area level: pixels that it keeps are transparent, the rest is dimmed.
  areaMask(percent) {
    const { heat } = this;
    this.maskCanvas = this.maskCanvas || canvasOf(heat.size, heat.size);
    if (this.maskPercent === percent) return this.maskCanvas;
    const threshold = levelThreshold(heat.sorted, percent), { area } = heat;
    paintWords(this.maskCanvas, (out) => {
      for (let i = 0; i < out.length; i += 1) out[i] = area[i] >= threshold ? 0 : 0xc0000000;
    });
    this.maskPercent = percent;
    return this.maskCanvas;
  }
}

// The image that was scored at a point of a curve.
class StepLayer {
  constructor(stepper) { this.stepper = stepper; }

  frame() {
    const { stepper } = this, { size } = stepper.data;
    const painted = `${stepper.version}|${stepper.kind}|${stepper.step}`;
    if (this.painted === painted) return this.canvas;
    if (!this.canvas || this.canvas.width !== size) this.canvas = canvasOf(size, size);
    const grey = stepper.frame();
    paintWords(this.canvas, (out) => {
      for (let i = 0; i < out.length; i += 1) out[i] = greyWord(grey[i]);
    });
    this.painted = painted;
    return this.canvas;
  }
}
