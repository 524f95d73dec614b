// Keys of every page: F shows the page on the stage, which is the picture, its control and nothing else, and
// arrow and page keys scroll the page, which Streamlit scrolls under a pointer alone.

const SCROLLS = { ArrowUp: [0, -60], ArrowDown: [0, 60], PageUp: [-0.9, 0], PageDown: [0.9, 0], Home: [-1e6, 0], End: [1e6, 0] };
const TYPES = "input:not([type='range'], [type='radio'], [type='checkbox'], [type='button']), textarea, select, [contenteditable='true'], [role='combobox']";
const MOVES = "input, textarea, select, canvas, [contenteditable='true'], [role='radio'], [role='slider'], [role='tab'], [role='option'], [role='listbox'], [role='combobox'], [role='menu'], [role='dialog']";
const NARROW_PX = 768; // below it a page is a column already, and no stage
const SIDEBAR_PX = 1000; // below it the sidebar starts closed; Streamlit itself closes it on narrow screens alone
const CLOSED = "sidebar closed once";

// Leave the picture its width, once in a tab: who opens the sidebar then keeps it.
function closeSidebarOnce() {
  if (window.innerWidth >= SIDEBAR_PX || sessionStorage.getItem(CLOSED)) return;
  sessionStorage.setItem(CLOSED, "yes");
  if (window.innerWidth >= NARROW_PX) document.querySelector("[data-testid='stSidebarCollapseButton'] button")?.click();
}

// The component drawn last.  One listener serves all drawings.
let current = null;

function isOn() { return document.documentElement.classList.contains("stage"); }

function remembered() { return `stage ${current.data.page}`; }

function apply(on) {
  document.documentElement.classList.toggle("stage", on);
  const button = current.parentElement.querySelector("button");
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("span").textContent = on ? "Leave the stage" : "Stage";
  document.dispatchEvent(new CustomEvent("cesm-stage", { detail: on }));
}

function toggle() {
  const on = !isOn();
  sessionStorage.setItem(remembered(), on ? "on" : "off");
  apply(on);
}

// Whether an element that has the focus uses the key itself.
function isUsed(event, by) {
  const target = event.composedPath()[0]; // also inside a shadow root
  return target instanceof Element && Boolean(target.closest(by));
}

function scroll(event) {
  const step = SCROLLS[event.key];
  if (!step || isUsed(event, MOVES)) return;
  const inSidebar = event.target instanceof Element && event.target.closest("[data-testid='stSidebar']");
  const place = document.querySelector(`[data-testid='${inSidebar ? "stSidebarContent" : "stMain"}']`);
  if (!place) return;
  place.scrollBy({ top: step[0] * place.clientHeight + step[1] });
  event.preventDefault();
}

function onKeyDown(event) {
  if (!current || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "f" && !event.shiftKey && !isUsed(event, TYPES)) {
    toggle();
    event.preventDefault();
  } else if (event.key === "Escape" && isOn() && !isUsed(event, MOVES)) {
    toggle();
  } else {
    scroll(event);
  }
}

export default function (component) {
  current = component;
  const button = component.parentElement.querySelector("button");
  button.onclick = toggle;
  const kept = sessionStorage.getItem(remembered());
  apply(kept ? kept === "on" : component.data.stage && window.innerWidth >= NARROW_PX);
  closeSidebarOnce();
  document.addEventListener("keydown", onKeyDown); // adding the same listener again has no effect
  return () => {
    if (current !== component) return;
    current = null;
    document.documentElement.classList.remove("stage");
    document.removeEventListener("keydown", onKeyDown);
  };
}
