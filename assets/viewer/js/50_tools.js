// The row of tools under the panes.  Text goes in as text, never as markup.

function tool(tag, text, properties) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text) element.textContent = text;
  return element;
}

function button(text, title, act) {
  return tool("button", text, { type: "button", title, onclick: act });
}

function toggle(text, title, read, act) {
  const element = button(text, title, act);
  element.refresh = () => element.setAttribute("aria-pressed", String(read()));
  return element;
}

function choice(label, options, read, act) {
  const select = tool("select", "", { onchange: () => act(select.value) });
  for (const [value, text] of options) select.append(tool("option", text, { value }));
  const wrap = tool("label", label, {});
  wrap.append(select);
  wrap.refresh = () => { select.value = read(); };
  return wrap;
}

function range(label, low, high, step, read, act) {
  const input = tool("input", "", { type: "range", min: low, max: high, step });
  input.oninput = () => act(Number(input.value));
  const wrap = tool("label", label, {});
  wrap.append(input);
  wrap.refresh = () => { if (Number(input.value) !== read()) input.value = read(); };
  return wrap;
}

// A box for a few percentages; what is none leaves them as they were.
function percentages(label, read, act) {
  const input = tool("input", "", { type: "text", size: 10, autocomplete: "off" });
  input.onkeydown = (event) => event.stopPropagation(); // letters typed here are no shortcuts
  input.onchange = () => {
    const said = input.value.split(/[\s,;%]+/).filter(Boolean).map(Number);
    if (said.length && said.length <= 10 && said.every((v) => v > 0 && v < 100)) act(said.sort((a, b) => a - b));
    input.value = read().join(", ");
  };
  const wrap = tool("label", label, {});
  wrap.append(input);
  wrap.refresh = () => { if (input.getRootNode().activeElement !== input) input.value = read().join(", "); };
  return wrap;
}

const PRESETS = { stored: [127.5, 255], bright: [80, 160], dense: [150, 150], dark: [45, 90] };
const HELP = "Drag to move, wheel or pinch to zoom, double click to fit. Drag with Shift, or with the right button, "
  + "for window (sideways) and level (up and down). With the image focused: arrow keys move, + and - zoom, 0 fits, "
  + "1 shows pixels one to one, I inverts, W resets the window, H changes the heatmap, [ and ] its opacity, "
  + "M marks the middle in a blind reading, O outlines the lesion, B blinks the heatmap, or the recombined image where it is shown.";

function buildTools(viewer) {
  const { look, view } = viewer;
  const set = (name) => (value) => { look[name] = value; viewer.changed(); };
  const flip = (name) => () => { look[name] = !look[name]; viewer.changed(); };
  const zoom = (factor) => () => { viewer.zoomCentre(factor); };
  const outline = toggle("Lesion outline", "What the source marked (O)", () => look.outline && viewer.hasOutline(), flip("outline"));
  const recombined = toggle("Recombined beside it", "The subtracted image, on its own grid", () => look.recombined && viewer.hasRecombined(), flip("recombined"));
  const plain = toggle("Original beside it", "The image without the heatmap", () => look.plain, flip("plain"));
  const opacity = range("Heatmap opacity", 0, 1, 0.05, () => look.opacity, set("opacity"));
  const contours = percentages("Contours at, %", () => look.contours, set("contours"));
  const parts = [
    [
      choice("Heatmap", [["fill", "colour"], ["contours", "contours"], ["signed", "signed, before ReLU"], ["off", "off"]], () => look.heat, set("heat")),
      opacity,
      contours,
      choice("Colours", viewer.tables.map((t) => [t.name, t.name]), () => look.table.name, (name) => { look.table = viewer.tables.find((t) => t.name === name); viewer.changed(); }),
    ],
    [
      plain,
      recombined,
      outline,
    ],
    [
      button("Fit", "Show the whole breast (0)", () => { view.reset(); viewer.changed(); }),
      button("1:1", "One image pixel on one screen pixel (1)", () => viewer.oneToOne()),
      button("+", "Zoom in (+)", zoom(1.25)),
      button("\u2212", "Zoom out (-)", zoom(0.8)),
      choice("Window", [["stored", "as stored"], ["bright", "brighter"], ["dense", "dense tissue"], ["dark", "skin line"], ["own", "own"]], () => look.preset, (name) => viewer.preset(name)),
      toggle("Invert", "Black becomes white (I)", () => look.invert, flip("invert")),
    ],
  ];
  const rows = parts.map((items) => { const group = tool("div", "", { className: "group" }); group.append(...items); return group; });
  const help = tool("details", "", {});
  help.append(tool("summary", "Keys and mouse", {}), tool("p", HELP, {}));
  rows.push(help);
  const refresh = () => {
    for (const item of parts.flat()) if (item.refresh) item.refresh();
    opacity.hidden = look.heat === "contours";
    contours.hidden = !opacity.hidden;
    outline.disabled = !viewer.hasOutline();
    // Of a blind reading: there is no map, and before the answer no outline.
    const { blind, truth } = viewer.data;
    rows[0].hidden = plain.hidden = Boolean(blind);
    outline.hidden = Boolean(blind && !truth);
    recombined.disabled = !viewer.hasRecombined();
  };
  return { rows, refresh };
}
