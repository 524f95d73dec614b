// The tour's keys, on a keyboard or a presenter's remote.  Left, right, N, P and the page keys move between
// the stops wherever the focus is, unless text is typed there; up and down move the control of the stop's scene,
// unless the focused element uses them itself.

const STEPS = { ArrowRight: 1, PageDown: 1, n: 1, ArrowLeft: -1, PageUp: -1, p: -1 };
const NUDGES = { ArrowUp: 1, ArrowDown: -1 };
const TIMEOUT_MS = 5000; // a stop not drawn by then was overtaken by a press of a button
const ASKS = 4, ASK_MS = 1200;
const TYPES = "input:not([type='range'], [type='radio'], [type='checkbox'], [type='button']), textarea, [contenteditable='true'], [role='listbox'], [role='menu']";
const USES_ARROWS = "input, select, [role='slider'], [role='radio'], [role='combobox'], [role='option'], [role='tab']";

// The requested stop { stop, since } while it is not drawn yet: a second key counts from there.
let requested = null;
// The component drawn last.  One listener serves all drawings: one per drawing would handle a key twice.
let current = null;
// The window with the presenter's notes is told which stop is on show, and its buttons move the tour.
const channel = new BroadcastChannel("cesm-tour");
channel.onmessage = (event) => {
  if (!current) return;
  if (event.data.ask) tell();
  else if (event.data.go) go(Math.sign(event.data.go), performance.now());
};

function tell() { channel.postMessage({ stop: current.data.here }); }

// The stop that was drawn last; a new one begins at the top.
let drawn = null;

function onKeyDown(event) {
  if (!current || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const target = event.composedPath()[0]; // also inside a shadow root
  const uses = (by) => target instanceof Element && Boolean(target.closest(by));
  if (uses(TYPES)) return;
  const step = STEPS[event.key] || STEPS[event.key.toLowerCase()];
  if (NUDGES[event.key] && !uses(USES_ARROWS)) {
    document.dispatchEvent(new CustomEvent("cesm-nudge", { detail: NUDGES[event.key] }));
    take(event);
  } else if (step) {
    take(event);
    go(step, event.timeStamp);
  }
}

// The element under the focus gets no key that was used.
function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

function go(step, now) {
  const isWaiting = requested && now - requested.since < TIMEOUT_MS;
  const stop = (isWaiting ? requested.stop : current.data.here) + step;
  if (stop < 0 || stop > current.data.last) return;
  requested = { stop, since: now };
  ask(requested, ASKS);
}

// Streamlit loses a message that is sent while it draws the page for another one: it is sent again.  It holds
// the index of the stop, not a step, so that the result is the same however often it is handled.
function ask(mine, times) {
  if (requested !== mine || !current || !times) return;
  current.setTriggerValue("go", [mine.stop, performance.now()]);
  setTimeout(() => ask(mine, times - 1), ASK_MS);
}

export default function (component) {
  current = component;
  const { here } = component.data;
  if (requested && requested.stop === here) requested = null;
  if (drawn !== here) document.querySelector("[data-testid='stMain']")?.scrollTo(0, 0);
  drawn = here;
  tell();
  // Before any element: a slider or a picture would use the key.  Adding the same listener again has no effect.
  document.addEventListener("keydown", onKeyDown, true);
  return () => {
    if (current !== component) return;
    current = drawn = null;
    document.removeEventListener("keydown", onKeyDown, true);
  };
}
