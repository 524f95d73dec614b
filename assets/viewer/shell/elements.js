// Elements of the page.  Text is inserted as text, never as markup.  `read` returns the value that a
// control shows when it is refreshed; `act` is called with the value that the user chose.

function element(tag, text, properties = {}) {
  const created = Object.assign(document.createElement(tag), properties);
  if (text) created.textContent = text;
  return created;
}

function button(text, title, act) {
  return element("button", text, { type: "button", title, onclick: act });
}

function toggle(text, title, read, act) {
  const created = button(text, title, act);
  created.refresh = () => created.setAttribute("aria-pressed", String(read()));
  return created;
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

// A text box; letters typed into it must not act as shortcuts of the page.
function textBox(properties) {
  return element("input", "", { type: "text", autocomplete: "off", onkeydown: (event) => event.stopPropagation(), ...properties });
}

// Whether a control, or something in it, has the focus.
function isFocused(control) { return control.contains(control.getRootNode().activeElement); }

// Make `elements` the children of `place`, keeping the focus; nothing happens if they are already.
function replaceChildren(place, elements) {
  if (elements.length === place.children.length && elements.every((e, i) => place.children[i] === e)) return;
  const focused = place.getRootNode().activeElement;
  place.replaceChildren(...elements);
  if (focused && elements.some((e) => e.contains(focused))) focused.focus();
}
