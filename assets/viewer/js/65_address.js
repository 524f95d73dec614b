// The viewer's part of the page's address: zoom, centre, window, step of a curve and what is shown.
// Written here, after the hand rests, so that looking around asks nothing of the server; read in
// Python (ui/look.py), which hands it back as `look` where somebody comes with such an address.

const LOOK_NAMES = ["zoom", "at", "window", "step", "heat", "contours", "opacity", "colours", "show"];
const REST_MS = 350;

class Address {
  constructor(viewer) { this.viewer = viewer; }

  // Take over a look, once for each time an address was brought along.
  take(given) {
    if (!given || given.turn === this.turn) return;
    const first = this.turn === undefined;
    this.turn = given.turn;
    const { said } = given;
    if (first && !Object.keys(said).length) return;
    const { viewer } = this, { look, view } = viewer;
    view.reset();
    if (said.zoom) view.zoom = said.zoom;
    if (said.at) [view.x, view.y] = said.at;
    viewer.preset("stored");
    if (said.window) Object.assign(look, { window: said.window[0], level: said.window[1], preset: presetOf(...said.window) });
    const [kind, step] = said.step || ["off", 0];
    Object.assign(viewer.scrub, { kind, step });
    const shown = said.show || [];
    look.plain = !shown.includes("alone");
    for (const name of ["recombined", "outline", "invert"]) look[name] = shown.includes(name);
    look.heat = said.heat || "fill";
    look.contours = said.contours || [25, 50, 75];
    look.opacity = said.opacity ?? 0.55;
    look.table = viewer.tables.find((t) => t.name === said.colours) || viewer.tables[0];
  }

  // The look in words, without what is as usual.
  words() {
    const { look, view, scrub, tables } = this.viewer;
    const said = {};
    const short = (v) => String(Number(v.toFixed(4)));
    if (view.zoom !== 1) said.zoom = short(view.zoom);
    if (view.x !== null) said.at = `${Number(view.x.toFixed(6))},${Number(view.y.toFixed(6))}`;
    if (look.window !== 255 || look.level !== 127.5) said.window = `${short(look.window)},${short(look.level)}`;
    if (scrub.kind !== "off") said.step = `${scrub.kind}:${scrub.step}`;
    if (look.heat !== "fill") said.heat = look.heat;
    if (String(look.contours) !== "25,50,75") said.contours = look.contours.map(short).join(",");
    if (look.opacity !== 0.55) said.opacity = short(look.opacity);
    if (look.table !== tables[0]) said.colours = look.table.name;
    const shown = ["recombined", "outline", "invert"].filter((name) => look[name]);
    if (!look.plain) shown.unshift("alone");
    if (shown.length) said.show = shown.join(",");
    return said;
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), REST_MS);
  }

  write() {
    if (!this.viewer.data || !this.viewer.data.look) return; // a page that keeps no look
    const here = window.location;
    const others = here.search.slice(1).split("&").filter((part) => part && !LOOK_NAMES.includes(part.split("=")[0]));
    const mine = Object.entries(this.words()).map(([name, value]) => `${name}=${value}`);
    const search = [...others, ...mine].join("&");
    if (search === here.search.slice(1)) return;
    window.history.replaceState(window.history.state, "", here.pathname + (search ? `?${search}` : "") + here.hash);
  }

  end() { clearTimeout(this.timer); }
}

// The name of a window and level, "own" where it has none.
function presetOf(width, level) {
  const found = Object.entries(PRESETS).find(([, [l, w]]) => l === level && w === width);
  return found ? found[0] : "own";
}
