// The viewport: zoom and centre, window and level, the kind of heatmap, and which panes and outlines are
// shown.  All of it is kept in the page's address, see address.js.

const HEAT_KINDS = ["fill", "contours", "signed", "off"];
// Window presets as [level, width] in grey levels.
const PRESETS = {
  stored: [DEFAULTS.window.level, DEFAULTS.window.width],
  bright: [80, 160],
  dense: [150, 150],
  dark: [45, 90],
};

class Viewport {
  // `tables`: the colour tables that can be chosen, { name, colours } with 3 * 256 bytes each;
  // `diverging`: the table of the signed map.
  constructor(tables, diverging) {
    Object.assign(this, { tables, diverging, table: tables[0] });
    this.zoom = new Zoom();
    this.setPreset("stored");
    this.heat = "fill";
    this.opacity = DEFAULTS.opacity.value;
    this.contours = DEFAULTS.contours.percent;
    this.plain = true;
    this.recombined = this.outline = this.invert = this.inside = false; // inside: heat only in the breast
  }

  // A name that is not a preset keeps window and level unchanged.
  setPreset(name) {
    if (PRESETS[name]) [this.level, this.window] = PRESETS[name];
    this.preset = name;
  }

  setWindow(width, level) {
    Object.assign(this, { window: width, level, preset: presetOf(width, level) });
  }

  // Change width and level by a drag of [dx, dy] CSS pixels.
  dragWindow(dx, dy) {
    this.window = clamp(this.window + dx, ...DEFAULTS.window.width_limits);
    this.level = clamp(this.level + dy * 0.5, ...DEFAULTS.window.level_limits);
    this.preset = "own";
  }

  nextHeat() {
    this.heat = HEAT_KINDS[(HEAT_KINDS.indexOf(this.heat) + 1) % HEAT_KINDS.length];
  }

  // One step of 0.05 up (1) or down (-1).
  stepOpacity(direction) {
    this.opacity = clamp(Math.round(20 * this.opacity + direction) / 20, ...DEFAULTS.opacity.limits);
  }

  setTable(name) {
    this.table = this.tables.find((table) => table.name === name) || this.tables[0];
  }

  // The colour table of the current kind of heatmap.
  get shownTable() { return this.heat === "signed" ? this.diverging : this.table; }
}

// The name of the preset with this width and level, "own" if there is none.
function presetOf(width, level) {
  const found = Object.entries(PRESETS).find(([, [l, w]]) => l === level && w === width);
  return found ? found[0] : "own";
}

// The displayed value of each of 256 grey levels: level - width / 2 is black, level + width / 2 white.
function windowTable(level, width, invert) {
  return Uint8Array.from({ length: 256 }, (_, grey) => {
    const shown = clamp(Math.round(((grey - level) / Math.max(width, 1) + 0.5) * 255), 0, 255);
    return invert ? 255 - shown : shown;
  });
}

// The contour percentages in a text, ascending; null if the text is not a valid list of them.
function readPercentages(text) {
  const { limits: [low, high], most } = DEFAULTS.contours;
  const percent = text.split(/[\s,;%]+/).filter(Boolean).map(Number);
  const valid = percent.length && percent.length <= most && percent.every((v) => v >= low && v <= high);
  return valid ? percent.sort((a, b) => a - b) : null;
}
