// Two cases beside each other: an unchanged one, a changed one, and their difference.

const DIFFERENCE_GAIN = 2; // grey levels shown for one that changed
const STORED_WINDOW = { level: DEFAULTS.window.level, window: DEFAULTS.window.width, invert: false };

class BeforeCase {
  constructor(pictures) { Object.assign(this, { pictures, heatLayer: null }); }

  // Take its map from Python; null while there is none.
  takeHeat(data) {
    if (!data) this.heatLayer = null;
    else if (!this.heatLayer || heatmapName(this.heatLayer.heat) !== heatmapName(data)) {
      this.heatLayer = new HeatLayer(new Heatmap(data));
    }
  }
}

async function loadBefore(caseData, names) {
  return caseData ? new BeforeCase(await loadPictures(caseData, names)) : null;
}

// A picture of what changed: middle grey where nothing did, brighter where the change made it brighter.
function differenceOf(changed, unchanged) {
  const { width, height, box, spacing } = changed, canvas = canvasOf(width, height);
  const same = unchanged.width === width && unchanged.height === height;
  const grey = Uint8Array.from(changed.grey, (value, i) => clamp(128 + DIFFERENCE_GAIN * (value - (same ? unchanged.grey[i] : value)), 0, 255));
  return { name: "difference", grey, width, height, canvas, box, spacing, outline: null };
}

function pairNames(isRecombined) {
  const kind = isRecombined ? "recombined" : "low-energy";
  return { plain: `as it is, ${kind}`, heat: `changed, ${kind}`, difference: "difference: brighter, darker" };
}
