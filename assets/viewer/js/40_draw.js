// One pane, drawn.

const LESION = "rgb(86, 214, 226)";

function strokeSegments(context, segments, map) {
  context.beginPath();
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(...map(segments[i], segments[i + 1]));
    context.lineTo(...map(segments[i + 2], segments[i + 3]));
  }
  context.stroke();
}

function drawPane(pane, look, view) {
  const { canvas, picture } = pane;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!picture) return;
  const ratio = pane.ratio;
  const at = view.transform(picture, { width: canvas.width, height: canvas.height });
  if (pane.scrub) { drawScrubbed(context, pane.scrub, at, ratio); return; }
  applyWindow(picture, look.level, look.window, look.invert);
  context.imageSmoothingEnabled = at.scale < 3 * ratio; // close up, pixels are shown as they are
  context.imageSmoothingQuality = "high";
  context.drawImage(picture.canvas, at.left, at.top, picture.width * at.scale, picture.height * at.scale);
  if (pane.heat && (look.heat !== "off" || look.area)) drawHeat(context, pane, look, at, ratio);
  if (look.outline && picture.outline) {
    context.strokeStyle = LESION;
    context.lineWidth = 2 * ratio;
    strokeSegments(context, picture.outline, (x, y) => [at.left + x * at.scale, at.top + y * at.scale]);
  }
  pane.marks.draw(context, picture.name, at, ratio);
  if (pane.cursor) {
    context.strokeStyle = "rgba(255, 255, 255, 0.75)";
    context.lineWidth = ratio;
    const x = at.left + pane.cursor.x * picture.width * at.scale;
    const y = at.top + pane.cursor.y * picture.height * at.scale;
    context.beginPath();
    context.moveTo(x - 9 * ratio, y); context.lineTo(x + 9 * ratio, y);
    context.moveTo(x, y - 9 * ratio); context.lineTo(x, y + 9 * ratio);
    context.stroke();
  }
  if (picture.spacing) drawScaleBar(context, canvas, picture.spacing, at.scale, ratio);
}

function drawHeat(context, pane, look, at, ratio) {
  const { heat } = pane;
  const { crop, scale, pad } = heat.geometry;
  const toX = (x) => at.left + ((x - pad[0]) / scale + crop[0]) * at.scale;
  const toY = (y) => at.top + ((y - pad[1]) / scale + crop[1]) * at.scale;
  context.save();
  context.beginPath();
  context.rect(at.left + crop[0] * at.scale, at.top + crop[1] * at.scale, (crop[2] - crop[0]) * at.scale, (crop[3] - crop[1]) * at.scale);
  context.clip();
  if (look.heat === "contours") {
    context.lineWidth = 1.5 * ratio;
    for (const level of look.contours.map((percent) => percent / 100)) {
      const k = 3 * Math.round(255 * (0.35 + 0.6 * level));
      context.strokeStyle = `rgb(${look.table.colours[k]}, ${look.table.colours[k + 1]}, ${look.table.colours[k + 2]})`;
      strokeSegments(context, heatContour(heat, level), (x, y) => [toX(x), toY(y)]);
    }
  } else if (look.heat !== "off") {
    const signed = look.heat === "signed";
    paintHeat(heat, signed ? look.diverging : look.table, look.opacity, signed);
    context.imageSmoothingEnabled = true;
    const side = (heat.size / scale) * at.scale;
    context.drawImage(heat.canvas, toX(0), toY(0), side, side);
  }
  if (look.area && heat.area) {
    context.imageSmoothingEnabled = true;
    const side = (heat.size / scale) * at.scale;
    context.drawImage(areaMask(heat, look.area), toX(0), toY(0), side, side);
  }
  context.restore();
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
