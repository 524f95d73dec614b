// The keys of a presenter's remote and of a keyboard.  A key that something on the page already
// answers to (a slider, a choice, a text, a picture that is panned) stays with it.

const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const PATIENCE = 5000; // ms: what the page has not drawn by then was overtaken by a button
const TAKEN = "input, textarea, select, canvas, [contenteditable='true'], [role='radio'], [role='slider'], [role='tab'], [role='option'], [role='listbox'], [role='combobox'], [role='menu']";

// The stop that was asked for and is not drawn yet: a second key counts on from there.
let wanted = null;
let now = null; // what the page drew last: a listener of its own for each drawing would hear a key twice

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const step = STEPS[event.key];
  const from = event.composedPath()[0]; // inside a shadow root, too
  if (!now || !step || (from instanceof Element && from.closest(TAKEN))) return;
  const waits = wanted && event.timeStamp - wanted.since < PATIENCE;
  const stop = (waits ? wanted.stop : now.data.here) + step;
  if (stop < 0 || stop > now.data.last) return; // the first stop has no way back, the last none on
  event.preventDefault();
  wanted = { stop, since: event.timeStamp };
  // The stop itself, not "one on": heard twice, it is still the same stop.
  now.setTriggerValue("go", [stop, event.timeStamp]);
}

export default function (component) {
  now = component;
  if (wanted && wanted.stop === component.data.here) wanted = null;
  document.addEventListener("keydown", pressed); // once, however often the page is drawn
  return () => {
    if (now !== component) return;
    now = null;
    document.removeEventListener("keydown", pressed);
  };
}
