// Zoom and centre, shared by all panes.  The centre is stored as shares of a picture, so that pictures of
// different sizes show the same part of the breast.

class Zoom {
  constructor() { this.reset(); }

  // Factor 1 fits the picture's box into the pane; x and y null mean the box's centre.
  reset() { Object.assign(this, { factor: 1, x: null, y: null }); }

  // The transform of a picture in a pane: screen = [left, top] + scale * picture.  `fit` is the scale at
  // factor 1; [cx, cy] is the point of the picture at the centre of the pane.
  transform(picture, pane) {
    const [x0, y0, x1, y1] = picture.box;
    const fit = Math.min(pane.width / (x1 - x0), pane.height / (y1 - y0));
    const scale = fit * this.factor;
    const cx = this.x === null ? (x0 + x1) / 2 : this.x * picture.width;
    const cy = this.y === null ? (y0 + y1) / 2 : this.y * picture.height;
    return { scale, fit, left: pane.width / 2 - cx * scale, top: pane.height / 2 - cy * scale, cx, cy };
  }

  centre(picture, cx, cy) {
    this.x = clamp(cx / picture.width, 0, 1);
    this.y = clamp(cy / picture.height, 0, 1);
  }

  // Zoom by `factor` so that the point under the pointer stays there.
  zoomAt(picture, pane, px, py, factor) {
    const before = this.transform(picture, pane);
    const x = (px - before.left) / before.scale, y = (py - before.top) / before.scale;
    this.factor = clamp(this.factor * factor, ...DEFAULTS.zoom.limits);
    const scale = before.fit * this.factor;
    this.centre(picture, x + (pane.width / 2 - px) / scale, y + (pane.height / 2 - py) / scale);
  }

  pan(picture, pane, dx, dy) {
    const { cx, cy, scale } = this.transform(picture, pane);
    this.centre(picture, cx - dx / scale, cy - dy / scale);
  }

  // Show one picture pixel on one screen pixel; `ratio` is canvas pixels per screen pixel.
  oneToOne(picture, pane, ratio) {
    const { cx, cy, fit } = this.transform(picture, pane);
    this.factor = clamp(ratio / fit, ...DEFAULTS.zoom.limits);
    this.centre(picture, cx, cy);
  }
}
