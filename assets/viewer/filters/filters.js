// The filters of the list of cases: the outcomes as a table to click, and the other fields.
// Text from cases is inserted as text, never as markup.

const OUTCOMES = "outcomes"; // the field that is drawn as a table

function element(tag, className, text) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  if (text) created.textContent = text;
  return created;
}

class Filters {
  constructor(root) {
    this.root = root;
    this.outbox = new Outbox();
    this.buttons = new Map(); // field -> Map of value -> button
    this.clear = root.querySelector(".clear");
    this.clear.onclick = () => {
      for (const name of Object.keys(this.chosen)) this.chosen[name] = [];
      this.changed();
      this.root.querySelector("summary").focus(); // this button is hidden now
    };
  }

  show(data) {
    this.outbox.answered(data.answered);
    this.root.querySelector(".title").hidden = this.root.querySelector(".matrix").hidden = !data.outcomes;
    this.root.querySelector(".progress").textContent = data.progress;
    // A choice that Python has not seen yet is not undone by an answer to an earlier one.
    if (!this.outbox.isWaiting()) this.chosen = structuredClone(data.chosen);
    if (data.outcomes) {
      for (const cell of this.root.querySelectorAll("td[data-value]")) {
        const value = data.outcomes.values.find(({ value }) => value === cell.dataset.value);
        this.refreshButton(OUTCOMES, value, cell, value.right ? "right" : "wrong");
      }
    }
    this.refreshFields(data.fields);
    this.refreshChosen();
  }

  refreshFields(fields) {
    const place = this.root.querySelector(".fields");
    const shown = JSON.stringify(fields.map(({ name, values }) => [name, values.map(({ value }) => value)]));
    if (this.shownFields !== shown) {
      this.shownFields = shown;
      place.replaceChildren();
      for (const name of [...this.buttons.keys()]) if (name !== OUTCOMES) this.buttons.delete(name);
      for (const { name, label } of fields) {
        const group = element("fieldset", "field");
        group.dataset.name = name;
        group.append(element("legend", "", label));
        place.append(group);
      }
      this.root.querySelector("details").hidden = !fields.length;
    }
    for (const { name, values } of fields) {
      const group = [...place.children].find((group) => group.dataset.name === name);
      for (const value of values) this.refreshButton(name, value, group, "");
    }
  }

  refreshButton(name, { value, count, words, help }, place, className) {
    if (!this.buttons.has(name)) this.buttons.set(name, new Map());
    const buttons = this.buttons.get(name);
    if (!buttons.has(value)) {
      const button = element("button", className);
      button.type = "button";
      button.append(element("b", "", value), " ", element("span", "count"));
      button.onclick = () => this.toggle(name, value);
      buttons.set(value, button);
      place.append(button);
    }
    const button = buttons.get(value);
    button.querySelector(".count").textContent = String(count);
    button.setAttribute("aria-label", words);
    button.title = help || words;
  }

  toggle(name, value) {
    const chosen = this.chosen[name] || [];
    this.chosen[name] = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
    this.changed();
  }

  // All that is chosen is sent, not the change: a message that arrives twice does nothing more.
  changed() {
    this.refreshChosen();
    this.outbox.emit("filter", structuredClone(this.chosen));
  }

  refreshChosen() {
    let used = 0;
    for (const [name, buttons] of this.buttons) {
      const chosen = this.chosen[name] || [];
      for (const [value, button] of buttons) button.setAttribute("aria-pressed", String(chosen.includes(value)));
      used += name !== OUTCOMES && chosen.length > 0;
    }
    this.root.querySelector("summary").textContent = used ? `More filters, ${used} in use` : "More filters";
    this.clear.classList.toggle("idle", !Object.values(this.chosen).some((values) => values.length));
  }

  end() { this.outbox.end(); }
}

export default function (component) {
  const root = component.parentElement.querySelector(".filters");
  if (!root.filters) root.filters = new Filters(root);
  root.filters.outbox.send = component.setTriggerValue;
  root.filters.show(component.data);
  return () => { root.filters.end(); root.filters = null; };
}
