// A reader's marks: points in the pixels of the picture they were made on.

class MarkList {
  constructor() {
    this.list = []; // { picture, x, y }
    this.open = false; // whether marks can be made and removed
  }

  // Take Python's list; null outside blind reading.  While marks can be made, the browser's own list is
  // newer, except after a change of case.
  update(data) {
    if (!data) { this.list = []; this.open = false; return; }
    if (data.of !== this.of || !data.open) this.list = data.list;
    this.of = data.of;
    this.open = data.open;
  }

  // Mark a point, or remove the mark within `reach` (in the picture's pixels) of it.  Returns false if
  // marks cannot be changed.
  toggle(picture, x, y, reach) {
    if (!this.open) return false;
    const index = this.list.findIndex((m) => m.picture === picture && Math.hypot(m.x - x, m.y - y) <= reach);
    if (index >= 0) this.remove(index);
    else this.list = [...this.list, { picture, x: Math.round(x), y: Math.round(y) }];
    return true;
  }

  remove(index) { this.list = this.list.filter((_, i) => i !== index); }
}
