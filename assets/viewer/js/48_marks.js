// A reader's marks: points, and later boxes, in the pixels of the picture they were made on.

const MARK = "#f0e442";

class Marks {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.place = place;
    this.list = [];
    this.open = false;
  }

  // What Python keeps; null where nothing is marked on this page.
  take(given) {
    this.place.hidden = !given;
    if (!given) { this.list = []; this.open = false; return; }
    const news = given.of !== this.of;
    if (news || !given.open) this.list = given.list;
    this.of = given.of;
    this.open = given.open;
    this.words();
  }

  // Mark a place, or take a mark away that is already there; `reach` is in the picture's pixels.
  put(name, x, y, reach) {
    if (!this.open) return;
    const there = this.list.findIndex((m) => m.picture === name && Math.hypot(m.x - x, m.y - y) <= reach);
    this.list = there >= 0 ? this.list.filter((_, i) => i !== there) : [...this.list, { picture: name, x: Math.round(x), y: Math.round(y) }];
    this.said();
  }

  remove(at) {
    this.list = this.list.filter((_, i) => i !== at);
    this.said();
  }

  said() {
    this.words();
    this.viewer.say("marks", this.list);
    this.viewer.changed();
  }

  words() {
    const items = this.list.map((mark, i) => {
      const where = `${i + 1}. column ${mark.x}, row ${mark.y}${mark.picture === "recombined" ? ", recombined" : ""}`;
      const item = tool("li", where, {});
      if (this.open) {
        const away = button("Remove", "Take this mark away", () => this.remove(i));
        away.setAttribute("aria-label", `Remove mark ${i + 1}`);
        item.append(away);
      }
      return item;
    });
    const list = tool("ol", "", {});
    list.setAttribute("aria-label", "Your marks");
    list.append(...items);
    const how = this.open ? "Click the spot you suspect; click it again to take the mark away. By key: M marks the middle of the picture." : "";
    this.place.replaceChildren(...(how ? [tool("p", how, {})] : []), list);
  }

  draw(context, name, at, ratio) {
    context.strokeStyle = MARK;
    context.fillStyle = MARK;
    context.lineWidth = 2 * ratio;
    context.font = `600 ${14 * ratio}px sans-serif`;
    this.list.forEach((mark, i) => {
      if (mark.picture !== name) return;
      const x = at.left + mark.x * at.scale, y = at.top + mark.y * at.scale, r = 11 * ratio;
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.moveTo(x - 4 * ratio, y); context.lineTo(x + 4 * ratio, y);
      context.moveTo(x, y - 4 * ratio); context.lineTo(x, y + 4 * ratio);
      context.stroke();
      context.fillText(String(i + 1), x + r + 3 * ratio, y - 4 * ratio);
    });
  }
}
