// Elements of the page.  Text goes in as text, never as markup.  `read` gives a control the value it
// shows when it is refreshed, `act` is called with the one that was chosen.

function element(tag, text, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text) made.textContent = text;
  return made;
}

function button(text, title, act) {
  return element("button", text, { type: "button", title, onclick: act });
}

function toggle(text, title, read, act) {
  const made = button(text, title, act);
  made.refresh = () => made.setAttribute("aria-pressed", String(read()));
  return made;
}

function choice(label, options, read, act) {
  const select = element("select", "", { onchange: () => act(select.value) });
  for (const [value, text] of options) select.append(element("option", text, { value }));
  const wrap = element("label", label);
  wrap.append(select);
  wrap.refresh = () => { select.value = read(); };
  return wrap;
}

function range(label, low, high, step, read, act) {
  const input = element("input", "", { type: "range", min: low, max: high, step });
  input.oninput = () => act(Number(input.value));
  const wrap = element("label", label);
  wrap.append(input);
  wrap.refresh = () => { if (Number(input.value) !== read()) input.value = read(); };
  return wrap;
}

// A box of text in a form's row; letters typed here are no shortcuts of the page.
function textBox(properties) {
  return element("input", "", { type: "text", autocomplete: "off", onkeydown: (event) => event.stopPropagation(), ...properties });
}

// Whether a control, or something in it, has the focus.
function isFocused(control) { return control.contains(control.getRootNode().activeElement); }

// Make these elements the children of a place; where they are already, nothing moves, and what has the
// focus keeps it.
function replaceChildren(place, elements) {
  if (elements.length === place.children.length && elements.every((one, i) => place.children[i] === one)) return;
  const focused = place.getRootNode().activeElement;
  place.replaceChildren(...elements);
  if (focused && elements.some((one) => one.contains(focused))) focused.focus();
}
