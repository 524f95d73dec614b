// The rows of tools below the panes.

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

// The rows of elements, and `refresh`, which makes them show the viewer's current state.
function buildTools(viewer) {
  const { viewport, zoom } = viewer;
  const set = (name) => (value) => { viewport[name] = value; viewer.changed(); };
  const flip = (name) => () => { viewport[name] = !viewport[name]; viewer.changed(); };
  const outline = toggle("Lesion outline", "What the source marked (O)", () => viewport.outline && viewer.hasOutline(), flip("outline"));
  const recombined = toggle("Recombined beside it", "The subtracted image, on its own grid", () => viewport.recombined && viewer.hasRecombined(), flip("recombined"));
  const plain = toggle("Original beside it", "The image without the heatmap", () => viewport.plain, flip("plain"));
  const inside = toggle("Breast only", "Hide heat outside the breast (X)", () => viewport.inside && viewer.hasBreast(), flip("inside"));
  const opacity = range("Heatmap opacity", ...DEFAULTS.opacity.limits, 0.05, () => viewport.opacity, set("opacity"));
  const contours = percentageBox("Contours at, %", () => viewport.contours, set("contours"));
  const heats = [["fill", "colour"], ["contours", "contours"], ["signed", "signed, before ReLU"], ["off", "off"]];
  const presets = [["stored", "as stored"], ["bright", "brighter"], ["dense", "dense tissue"], ["dark", "skin line"], ["own", "own"]];
  const groups = [
    [
      choice("Heatmap", heats, () => viewport.heat, set("heat")),
      opacity,
      contours,
      choice("Colours", viewport.tables.map((t) => [t.name, t.name]), () => viewport.table.name, (name) => { viewport.setTable(name); viewer.changed(); }),
    ],
    [plain, recombined, outline, inside],
    [
      button("Fit", "Show the whole breast (0)", () => { zoom.reset(); viewer.changed(); }),
      button("1:1", "One image pixel on one screen pixel (1)", () => { viewer.oneToOne(); viewer.changed(); }),
      button("+", "Zoom in (+)", () => { viewer.zoomCentre(1.25); viewer.changed(); }),
      button("\u2212", "Zoom out (-)", () => { viewer.zoomCentre(0.8); viewer.changed(); }),
      choice("Window", presets, () => viewport.preset, (name) => { viewport.setPreset(name); viewer.changed(); }),
      toggle("Invert", "Black becomes white (I)", () => viewport.invert, flip("invert")),
    ],
  ];
  const rows = groups.map((items) => { const group = element("div", "", { className: "group" }); group.append(...items); return group; });
  const help = element("details", "");
  help.append(element("summary", "Keys and mouse"), element("p", HELP));
  const refresh = () => {
    for (const item of groups.flat()) if (item.refresh) item.refresh();
    opacity.hidden = viewport.heat === "contours";
    contours.hidden = !opacity.hidden;
    outline.disabled = !viewer.hasOutline();
    inside.disabled = !viewer.hasBreast();
    // In blind reading there is no map, and no outline before the answer.
    const { blind, truth } = viewer.data;
    rows[0].hidden = plain.hidden = inside.hidden = Boolean(blind);
    outline.hidden = Boolean(blind && !truth);
    recombined.disabled = !viewer.hasRecombined();
  };
  return { rows: [...rows, help], refresh };
}
