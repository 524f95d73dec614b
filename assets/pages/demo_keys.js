// The keys of a presenter's remote and of a keyboard.  A key that something on the page already
// answers to (a slider, a choice, a text, a picture that is panned) stays with it.

const STEPS = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" };
const TAKEN = "input, textarea, select, canvas, [contenteditable='true'], [role='radio'], [role='slider'], [role='tab'], [role='option'], [role='listbox'], [role='combobox'], [role='menu']";

export default function (component) {
  const { data, setTriggerValue } = component;
  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = STEPS[event.key];
    const from = event.composedPath()[0]; // inside a shadow root, too
    if (!step || (from instanceof Element && from.closest(TAKEN))) return;
    if (!data[step]) return; // the first stop has no way back, the last none on
    event.preventDefault();
    setTriggerValue(step, event.timeStamp);
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
