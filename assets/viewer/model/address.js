// The viewport and the stepper as parameters of the page's address.  Python parses their text
// (ui/address.py) when a page is opened with such an address, and sends the values to the viewer.

const ADDRESS_NAMES = ["zoom", "at", "window", "step", "heat", "contours", "opacity", "colours", "show"];

const SWITCHES = ["recombined", "outline", "invert", "inside"]; // off unless named in `show`

// The text of each parameter; default values are left out.
function addressOf(viewport, stepper) {
  const { zoom, window: width, level, heat, contours, opacity, table } = viewport;
  const text = {};
  const short = (v) => String(Number(v.toFixed(4)));
  if (zoom.factor !== 1) text.zoom = short(zoom.factor);
  if (zoom.x !== null) text.at = `${Number(zoom.x.toFixed(6))},${Number(zoom.y.toFixed(6))}`;
  if (width !== DEFAULTS.window.width || level !== DEFAULTS.window.level) text.window = `${short(width)},${short(level)}`;
  if (stepper.kind !== "off") text.step = `${stepper.kind}:${stepper.step}`;
  if (heat !== "fill") text.heat = heat;
  if (String(contours) !== String(DEFAULTS.contours.percent)) text.contours = contours.map(short).join(",");
  if (opacity !== DEFAULTS.opacity.value) text.opacity = short(opacity);
  if (table !== viewport.tables[0]) text.colours = table.name;
  const show = SWITCHES.filter((name) => viewport[name]);
  if (!viewport.plain) show.unshift("alone");
  if (show.length) text.show = show.join(",");
  return text;
}

// Apply the values that Python parsed; missing ones are set to their defaults.
function applyAddress(values, viewport, stepper) {
  const { zoom } = viewport;
  zoom.reset();
  if (values.zoom) zoom.factor = values.zoom;
  if (values.at) [zoom.x, zoom.y] = values.at;
  viewport.setPreset("stored");
  if (values.window) viewport.setWindow(...values.window);
  const [kind, step] = values.step || ["off", 0];
  Object.assign(stepper, { kind, step });
  const show = values.show || [];
  viewport.plain = !show.includes("alone");
  for (const name of SWITCHES) viewport[name] = show.includes(name);
  viewport.heat = values.heat || "fill";
  viewport.contours = values.contours || DEFAULTS.contours.percent;
  viewport.opacity = values.opacity ?? DEFAULTS.opacity.value;
  viewport.setTable(values.colours);
}

// `query` (an address's query without its question mark) with the viewer's parameters replaced by `text`.
function withAddress(query, text) {
  const others = query.split("&").filter((part) => part && !ADDRESS_NAMES.includes(part.split("=")[0]));
  return [...others, ...Object.entries(text).map(([name, value]) => `${name}=${value}`)].join("&");
}
