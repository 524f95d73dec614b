// The buttons of the previous and the next case, and their keys P and N.
//
// What is sent is the sum of all presses so far, not a press: if several presses come while Python is busy, the
// last sum holds them all, and a message that arrives twice adds nothing.

// Where typed letters are text, or choose an option.
const TAKES_LETTERS = "input:not([type='checkbox'], [type='radio'], [type='range'], [type='button']), textarea, select, " +
  "[contenteditable='true'], [role='textbox'], [role='combobox'], [role='listbox'], [role='option'], [role='menu']";

class Steps {
  constructor(root) {
    this.outbox = new Outbox();
    this.since = this.outbox.last; // names this sum: another one begins at 0
    this.sum = 0;
    this.buttons = { p: root.querySelector(".previous"), n: root.querySelector(".next") };
    this.buttons.p.onclick = () => this.press(-1);
    this.buttons.n.onclick = () => this.press(1);
    this.onKey = (event) => this.pressKey(event);
    document.addEventListener("keydown", this.onKey);
  }

  show(data) {
    this.outbox.answered(data.answered);
    this.buttons.p.disabled = !data.previous;
    this.buttons.n.disabled = !data.next;
  }

  press(step) {
    this.sum += step;
    this.outbox.emit("steps", [this.since, this.sum]);
  }

  pressKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.composedPath()[0]; // also inside a shadow root
    if (target instanceof Element && target.closest(TAKES_LETTERS)) return;
    const button = this.buttons[event.key.toLowerCase()];
    if (!button) return;
    event.preventDefault();
    if (!button.disabled) button.onclick();
  }

  end() {
    document.removeEventListener("keydown", this.onKey);
    this.outbox.end();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".steps");
  if (!root.steps) root.steps = new Steps(root);
  root.steps.outbox.send = component.setTriggerValue;
  root.steps.show(component.data);
  return () => { root.steps.end(); root.steps = null; };
}
