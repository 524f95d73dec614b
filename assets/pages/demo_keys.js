// The keys of a presenter's remote and of a keyboard.  A key that something on the page already
// answers to (a slider, a choice, a text, a picture that is panned) stays with it.

const STEPS = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" };
const TAKEN = "input, textarea, select, canvas, [contenteditable='true'], [role='radio'], [role='slider'], [role='tab'], [role='option'], [role='listbox'], [role='combobox'], [role='menu']";

let now = null; // what the page drew last: a listener of its own for each drawing would hear a key twice

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const step = STEPS[event.key];
  const from = event.composedPath()[0]; // inside a shadow root, too
  if (!now || !step || (from instanceof Element && from.closest(TAKEN))) return;
  if (typeof now.data[step] !== "number") return; // the first stop has no way back, the last none on
  event.preventDefault();
  // The stop itself, not "one on": heard twice, it is still the same stop.
  now.setTriggerValue("go", [now.data[step], event.timeStamp]);
}

export default function (component) {
  now = component;
  document.addEventListener("keydown", pressed); // once, however often the page is drawn
  return () => {
    if (now !== component) return;
    now = null;
    document.removeEventListener("keydown", pressed);
  };
}
