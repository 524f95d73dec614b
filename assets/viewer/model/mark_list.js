// A reader's marks: points in the pixels of the picture they were made on.

class MarkList {
  constructor() {
    this.list = []; // { picture, x, y }
    this.open = false; // whether marks can be made and removed
  }

  // What Python keeps; null where nothing is marked on this page.  While the list is open the browser's
  // own is newer, except for another case.
  update(data) {
    if (!data) { this.list = []; this.open = false; return; }
    if (data.of !== this.of || !data.open) this.list = data.list;
    this.of = data.of;
    this.open = data.open;
  }

  // Mark a point, or remove the mark within `reach` (in the picture's pixels) of it.  False where the
  // list is closed.
  toggle(picture, x, y, reach) {
    if (!this.open) return false;
    const there = this.list.findIndex((m) => m.picture === picture && Math.hypot(m.x - x, m.y - y) <= reach);
    if (there >= 0) this.remove(there);
    else this.list = [...this.list, { picture, x: Math.round(x), y: Math.round(y) }];
    return true;
  }

  remove(index) { this.list = this.list.filter((_, i) => i !== index); }
}
