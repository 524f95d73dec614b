// Where a pane looks: zoom and centre are shared by all panes, as fractions of each picture.

class View {
  constructor() { this.reset(); }

  reset() { Object.assign(this, { zoom: 1, x: null, y: null }); } // zoom 1 is "fits"; x, y its centre

  // The transform of a picture in a pane: screen = offset + scale * picture.
  transform(picture, pane) {
    const [x0, y0, x1, y1] = picture.box;
    const fit = Math.min(pane.width / (x1 - x0), pane.height / (y1 - y0));
    const scale = fit * this.zoom;
    const cx = this.x === null ? (x0 + x1) / 2 : this.x * picture.width;
    const cy = this.y === null ? (y0 + y1) / 2 : this.y * picture.height;
    return { scale, fit, left: pane.width / 2 - cx * scale, top: pane.height / 2 - cy * scale, cx, cy };
  }

  place(picture, cx, cy) {
    this.x = clamp(cx / picture.width, 0, 1);
    this.y = clamp(cy / picture.height, 0, 1);
  }

  // Zoom so that the point under the pointer stays there.
  zoomAt(picture, pane, px, py, factor) {
    const before = this.transform(picture, pane);
    const x = (px - before.left) / before.scale, y = (py - before.top) / before.scale;
    this.zoom = clamp(this.zoom * factor, 0.5, 40);
    const scale = before.fit * this.zoom;
    this.place(picture, x + (pane.width / 2 - px) / scale, y + (pane.height / 2 - py) / scale);
  }

  pan(picture, pane, dx, dy) {
    const now = this.transform(picture, pane);
    this.place(picture, now.cx - dx / now.scale, now.cy - dy / now.scale);
  }

  oneToOne(picture, pane, ratio) {
    const now = this.transform(picture, pane);
    this.zoom = clamp(ratio / now.fit, 0.5, 40);
    this.place(picture, now.cx, now.cy);
  }
}
