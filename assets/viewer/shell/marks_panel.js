// The panel of the reader's marks: a list with buttons to remove them.

class MarksPanel {
  constructor(viewer, place) {
    this.viewer = viewer;
    this.marks = viewer.marks;
    this.place = place;
  }

  update(data) {
    this.marks.update(data);
    this.place.hidden = !data;
    if (data) this.refresh();
  }

  changed() {
    this.refresh();
    this.viewer.emit("marks", this.marks.list);
    this.viewer.changed();
  }

  refresh() {
    const items = this.marks.list.map((mark, i) => {
      const position = `${i + 1}. column ${mark.x}, row ${mark.y}${mark.picture === "recombined" ? ", recombined" : ""}`;
      const item = element("li", position);
      if (this.marks.open) {
        const remove = button("Remove", "Take this mark away", () => { this.marks.remove(i); this.changed(); });
        remove.setAttribute("aria-label", `Remove mark ${i + 1}`);
        item.append(remove);
      }
      return item;
    });
    const list = element("ol", "");
    list.setAttribute("aria-label", "Your marks");
    list.append(...items);
    const help = "Click the spot you suspect; click it again to take the mark away. By key: M marks the middle of the picture.";
    this.place.replaceChildren(...(this.marks.open ? [element("p", help)] : []), list);
  }
}
