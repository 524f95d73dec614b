// Keyboard input on a pane.

const PAN_PX = 60;

function keyActions(viewer, pane) {
  const { zoom, viewport } = viewer, { picture, canvas } = pane;
  const step = PAN_PX * pane.ratio;
  return {
    ArrowLeft: () => zoom.pan(picture, canvas, step, 0),
    ArrowRight: () => zoom.pan(picture, canvas, -step, 0),
    ArrowUp: () => zoom.pan(picture, canvas, 0, step),
    ArrowDown: () => zoom.pan(picture, canvas, 0, -step),
    "+": () => viewer.zoomCentre(1.25), "=": () => viewer.zoomCentre(1.25), "-": () => viewer.zoomCentre(0.8),
    0: () => zoom.reset(), 1: () => viewer.oneToOne(),
    i: () => { viewport.invert = !viewport.invert; }, w: () => viewport.setPreset("stored"),
    o: () => { viewport.outline = !viewport.outline; },
    x: () => { viewport.inside = !viewport.inside; },
    h: () => viewport.nextHeat(),
    "[": () => viewport.stepOpacity(-1), "]": () => viewport.stepOpacity(1),
    b: () => viewer.blink(true),
    m: () => {
      const at = zoom.transform(picture, canvas);
      viewer.toggleMark(picture, at.cx, at.cy, (MARK_REACH_PX * pane.ratio) / at.scale);
    },
  };
}

function attachKeys(viewer, pane) {
  const { canvas } = pane;
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !pane.picture) return;
    const actions = keyActions(viewer, pane);
    const action = actions[event.key] || actions[event.key.toLowerCase()];
    if (!action) return;
    action();
    viewer.changed();
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "b") viewer.blink(false); });
  canvas.addEventListener("blur", () => viewer.blink(false));
}
