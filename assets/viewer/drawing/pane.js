// Draws one pane: { canvas, ratio (canvas pixels per screen pixel), picture, heatLayer, area (the percent
// whose mask is shown, 0 for none), stepLayer, marks, cursor, window }; parts that it does not show are null.
// `window`: { level, window, invert } of a picture that does not follow the viewport's.

function drawPane(pane, viewport) {
  const { canvas, picture, ratio } = pane;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!picture) return;
  const at = viewport.zoom.transform(picture, { width: canvas.width, height: canvas.height });
  if (pane.stepLayer) { drawStep(context, pane.stepLayer, at, ratio); return; }
  paintPicture(picture, pane.window || viewport);
  context.imageSmoothingEnabled = at.scale < 3 * ratio; // at high zoom, pixels are shown as squares
  context.imageSmoothingQuality = "high";
  context.drawImage(picture.canvas, at.left, at.top, picture.width * at.scale, picture.height * at.scale);
  if (pane.heatLayer && (viewport.heat !== "off" || pane.area)) drawHeat(context, pane, viewport, at);
  if (viewport.outline && picture.outline) {
    context.strokeStyle = DEFAULTS.colours.lesion;
    context.lineWidth = 2 * ratio;
    strokeSegments(context, picture.outline, (x, y) => [at.left + x * at.scale, at.top + y * at.scale]);
  }
  drawMarks(context, pane.marks, picture.name, at, ratio);
  if (pane.cursor) drawCursor(context, pane.cursor, picture, at, ratio);
  if (picture.spacing) drawScaleBar(context, canvas, picture.spacing, at.scale, ratio);
}

// Maps coordinates of the network's square to the canvas.
function networkToScreen(geometry, at) {
  return (u, v) => {
    const [x, y] = toCase(geometry, u, v);
    return [at.left + x * at.scale, at.top + y * at.scale];
  };
}

function strokeSegments(context, segments, map) {
  context.beginPath();
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(...map(segments[i], segments[i + 1]));
    context.lineTo(...map(segments[i + 2], segments[i + 3]));
  }
  context.stroke();
}

function drawHeat(context, pane, viewport, at) {
  const { heatLayer, area, ratio } = pane, { heat } = heatLayer;
  const { crop, scale } = heat.geometry;
  const toScreen = networkToScreen(heat.geometry, at);
  const [left, top] = toScreen(0, 0), side = (heat.size / scale) * at.scale;
  context.save();
  context.beginPath();
  context.rect(at.left + crop[0] * at.scale, at.top + crop[1] * at.scale, (crop[2] - crop[0]) * at.scale, (crop[3] - crop[1]) * at.scale);
  context.clip();
  if (viewport.heat === "contours") {
    context.lineWidth = 1.5 * ratio;
    for (const level of viewport.contours.map((percent) => percent / 100)) {
      const k = 3 * Math.round(255 * (0.35 + 0.6 * level)); // the lower end of a table is too dark for lines
      const [red, green, blue] = viewport.table.colours.subarray(k, k + 3);
      context.strokeStyle = `rgb(${red}, ${green}, ${blue})`;
      strokeSegments(context, heat.contour(level, viewport.inside), toScreen);
    }
  } else if (viewport.heat !== "off") {
    context.imageSmoothingEnabled = true;
    context.drawImage(heatLayer.colours(viewport), left, top, side, side);
  }
  if (area && heat.area) {
    context.imageSmoothingEnabled = true;
    context.drawImage(heatLayer.areaMask(area), left, top, side, side);
  }
  context.restore();
}

// Draw the image that was scored at a point of a curve, with the patch that changed last.
function drawStep(context, layer, at, ratio) {
  const { stepper } = layer, { geometry, size } = stepper.data;
  const toScreen = networkToScreen(geometry, at), side = (size / geometry.scale) * at.scale;
  context.drawImage(layer.frame(), ...toScreen(0, 0), side, side);
  const last = stepper.last();
  if (!last) return;
  const [x0, y0] = toScreen(last.x, last.y), [x1, y1] = toScreen(last.x + last.width, last.y + last.height);
  context.strokeStyle = DEFAULTS.colours.last_patch;
  context.lineWidth = 2 * ratio;
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
}

function drawMarks(context, marks, pictureName, at, ratio) {
  context.strokeStyle = context.fillStyle = DEFAULTS.colours.mark;
  context.lineWidth = 2 * ratio;
  context.font = `600 ${14 * ratio}px sans-serif`;
  marks.list.forEach((mark, i) => {
    if (mark.picture !== pictureName) return;
    const x = at.left + mark.x * at.scale, y = at.top + mark.y * at.scale, r = 11 * ratio;
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.moveTo(x - 4 * ratio, y); context.lineTo(x + 4 * ratio, y);
    context.moveTo(x, y - 4 * ratio); context.lineTo(x, y + 4 * ratio);
    context.stroke();
    context.fillText(String(i + 1), x + r + 3 * ratio, y - 4 * ratio);
  });
}

// Draw the position of the pointer in another pane; x and y are shares of the picture.
function drawCursor(context, cursor, picture, at, ratio) {
  context.strokeStyle = "rgba(255, 255, 255, 0.75)";
  context.lineWidth = ratio;
  const x = at.left + cursor.x * picture.width * at.scale;
  const y = at.top + cursor.y * picture.height * at.scale;
  context.beginPath();
  context.moveTo(x - 9 * ratio, y); context.lineTo(x + 9 * ratio, y);
  context.moveTo(x, y - 9 * ratio); context.lineTo(x, y + 9 * ratio);
  context.stroke();
}

function drawScaleBar(context, canvas, spacing, scale, ratio) {
  const widest = (0.3 * canvas.width / scale) * spacing;
  const length = [100, 50, 20, 10, 5, 2, 1].find((mm) => mm <= widest);
  if (!length) return;
  const px = (length / spacing) * scale;
  const x = canvas.width - px - 14 * ratio, y = canvas.height - 14 * ratio;
  context.fillStyle = "#dbe3e9";
  context.fillRect(x, y, px, 2 * ratio);
  context.font = `${12 * ratio}px sans-serif`;
  context.fillText(`${length} mm`, x, y - 5 * ratio);
}
