// The tour's keys, on a keyboard or a presenter's remote.  A key that the focused element uses itself
// (a slider, a choice, a text box, a picture that pans) is left to that element.

const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const TIMEOUT_MS = 5000; // a stop not drawn by then was overtaken by a press of a button
const USES_KEYS = "input, textarea, select, canvas, [contenteditable='true'], [role='radio'], [role='slider'], [role='tab'], [role='option'], [role='listbox'], [role='combobox'], [role='menu']";

// The requested stop { stop, since } while it is not drawn yet: a second key counts from there.
let requested = null;
// The component drawn last.  One listener serves all drawings: one per drawing would handle a key twice.
let current = null;

function onKeyDown(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const step = STEPS[event.key];
  const target = event.composedPath()[0]; // also inside a shadow root
  if (!current || !step || (target instanceof Element && target.closest(USES_KEYS))) return;
  const isWaiting = requested && event.timeStamp - requested.since < TIMEOUT_MS;
  const stop = (isWaiting ? requested.stop : current.data.here) + step;
  if (stop < 0 || stop > current.data.last) return;
  event.preventDefault();
  requested = { stop, since: event.timeStamp };
  // The index of the stop, not a step: if the message is handled twice, the result is the same.
  current.setTriggerValue("go", [stop, event.timeStamp]);
}

export default function (component) {
  current = component;
  if (requested && requested.stop === component.data.here) requested = null;
  document.addEventListener("keydown", onKeyDown); // adding the same listener again has no effect
  return () => {
    if (current !== component) return;
    current = null;
    document.removeEventListener("keydown", onKeyDown);
  };
}
