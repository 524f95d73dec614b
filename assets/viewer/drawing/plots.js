// Draws the small canvases below the panes: the two curves and the colour bar.

function drawCurves(canvas, stepper) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!stepper.data) return;
  const pad = 6;
  const at = (k, p) => [pad + (k / stepper.patches) * (canvas.width - 2 * pad), canvas.height - pad - p * (canvas.height - 2 * pad)];
  for (const kind of ["insertion", "deletion"]) {
    const { counts, p } = stepper.data[kind];
    context.strokeStyle = DEFAULTS.colours[kind];
    context.globalAlpha = stepper.kind === "off" || stepper.kind === kind ? 1 : 0.35;
    context.lineWidth = 2.5;
    context.setLineDash(kind === "deletion" ? [7, 4] : []);
    context.beginPath();
    counts.forEach((k, i) => context[i ? "lineTo" : "moveTo"](...at(k, p[i])));
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  if (!stepper.isOn) return;
  context.fillStyle = "#ffffff";
  context.beginPath();
  context.arc(...at(stepper.step, stepper.value().p), 5, 0, 2 * Math.PI);
  context.fill();
}

// Draw a table of 256 colours on a canvas of 256 x 1 pixels.
function drawColourBar(canvas, { colours }) {
  const context = canvas.getContext("2d");
  for (let i = 0; i < 256; i += 1) {
    context.fillStyle = `rgb(${colours[3 * i]}, ${colours[3 * i + 1]}, ${colours[3 * i + 2]})`;
    context.fillRect(i, 0, 1, 1);
  }
}
