// The row of tools over the panes: what is shown at once, the rest in three menus.

const HELP = "Drag to move, wheel or pinch to zoom, double click to fit. Drag with Shift, or with the right button, "
  + "for window (sideways) and level (up and down). With the image focused: arrow keys move, + and - zoom, 0 fits, "
  + "1 shows pixels one to one, I inverts, W resets the window, H changes the heatmap, [ and ] its opacity, "
  + "M marks the middle in a blind reading, O outlines the lesion, X hides heat outside the breast, B blinks the heatmap, or the recombined image where it is shown.";

// A text box for contour percentages; an invalid text leaves them unchanged.
function percentageBox(label, read, act) {
  const input = textBox({ size: 10 });
  input.onchange = () => {
    const percent = readPercentages(input.value);
    if (percent) act(percent);
    input.value = read().join(", ");
  };
  const wrap = element("label", label);
  wrap.append(input);
  wrap.refresh = () => { if (!isFocused(input)) input.value = read().join(", "); };
  return wrap;
}

// A menu: a button that opens a box of tools.  Another menu, Escape or a click elsewhere closes it.
function menu(label, items) {
  const created = element("details", "", { className: "menu" });
  const box = element("div", "", { className: "box" });
  box.append(...items);
  created.append(element("summary", label), box);
  const isAway = (event) => !event.composedPath().includes(created);
  const close = (event) => { if (event.key === "Escape" || (event.type !== "keydown" && isAway(event))) created.open = false; };
  created.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !created.open) return;
    close(event);
    created.querySelector("summary").focus();
    event.stopPropagation();
  });
  created.addEventListener("toggle", () => {
    for (const kind of ["pointerdown", "focusin"]) {
      if (created.open) document.addEventListener(kind, close); else document.removeEventListener(kind, close);
    }
  });
  return created;
}

// The elements in a row, and `refresh`, which makes them show the viewer's current state.
function buildTools(viewer) {
  const { viewport, zoom } = viewer;
  const set = (name) => (value) => { viewport[name] = value; viewer.changed(); };
  const flip = (name) => () => { viewport[name] = !viewport[name]; viewer.changed(); };
  const outline = toggle("Outline", "What the source marked (O)", () => viewport.outline && viewer.hasOutline(), flip("outline"));
  const recombined = toggle("Recombined", "The subtracted image, on its own grid", () => viewport.recombined && viewer.hasRecombined(), flip("recombined"));
  const plain = toggle("Original", "The image without the heatmap", () => viewport.plain, flip("plain"));
  const inside = toggle("Breast only", "Hide heat outside the breast (X)", () => viewport.inside && viewer.hasBreast(), flip("inside"));
  const opacity = range("Heatmap opacity", ...DEFAULTS.opacity.limits, 0.05, () => viewport.opacity, set("opacity"));
  const contours = percentageBox("Contours at, %", () => viewport.contours, set("contours"));
  const heats = [["fill", "colour"], ["contours", "contours"], ["signed", "signed, before ReLU"], ["off", "off"]];
  const presets = [["stored", "as stored"], ["bright", "brighter"], ["dense", "dense tissue"], ["dark", "skin line"], ["own", "own"]];
  const heatmap = [
    choice("Heatmap", heats, () => viewport.heat, set("heat")),
    opacity,
    contours,
    choice("Colours", viewport.tables.map((t) => [t.name, t.name]), () => viewport.table.name, (name) => { viewport.setTable(name); viewer.changed(); }),
    inside,
  ];
  const view = [
    button("1:1", "One image pixel on one screen pixel (1)", () => { viewer.oneToOne(); viewer.changed(); }),
    button("+", "Zoom in (+)", () => { viewer.zoomCentre(1.25); viewer.changed(); }),
    button("\u2212", "Zoom out (-)", () => { viewer.zoomCentre(0.8); viewer.changed(); }),
    choice("Window", presets, () => viewport.preset, (name) => { viewport.setPreset(name); viewer.changed(); }),
    toggle("Invert", "Black becomes white (I)", () => viewport.invert, flip("invert")),
  ];
  const fit = button("Fit", "Show the whole breast (0)", () => { zoom.reset(); viewer.changed(); });
  const heatmapMenu = menu("Heatmap", heatmap);
  const row = [heatmapMenu, plain, recombined, outline, fit, menu("View", view), menu("Keys", [element("p", HELP)])];
  const items = [...heatmap, ...view, plain, recombined, outline];
  const refresh = () => {
    for (const item of items) if (item.refresh) item.refresh();
    opacity.hidden = viewport.heat === "contours";
    contours.hidden = !opacity.hidden;
    outline.disabled = !viewer.hasOutline();
    inside.disabled = !viewer.hasBreast();
    // In blind reading there is no map, and no outline before the answer.
    const { blind, truth } = viewer.data;
    heatmapMenu.hidden = plain.hidden = Boolean(blind);
    outline.hidden = Boolean(blind && !truth);
    recombined.disabled = !viewer.hasRecombined();
  };
  return { row, refresh };
}
