// Pointer, wheel and touch input on a pane.

const CLICK_TOLERANCE_PX = 4; // a press that moves less than this is a click
const MARK_REACH_PX = 12;

function attachPointer(viewer, pane) {
  const { canvas } = pane, { zoom, viewport, marks } = viewer;
  const pressed = new Map(); // pointer id -> { from, at, window, moved }
  const position = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * pane.ratio, (event.clientY - box.top) * pane.ratio];
  };
  const onPicture = ([x, y]) => {
    const at = zoom.transform(pane.picture, canvas);
    return { x: (x - at.left) / at.scale, y: (y - at.top) / at.scale, reach: (MARK_REACH_PX * pane.ratio) / at.scale };
  };

  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => { if (!marks.open) { zoom.reset(); viewer.changed(); } });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom.zoomAt(pane.picture, canvas, ...position(event), Math.exp(-clamp(event.deltaY, -120, 120) / 400));
    viewer.changed();
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (!pane.picture) return;
    canvas.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, { from: position(event), at: position(event), window: event.shiftKey || event.button === 2 });
    if (pressed.size > 1) for (const press of pressed.values()) press.moved = true; // a pinch is not a click
  });
  canvas.addEventListener("pointerup", (event) => {
    const press = pressed.get(event.pointerId);
    if (press && pressed.size === 1 && !press.window && !press.moved) {
      const { x, y, reach } = onPicture(press.from);
      viewer.toggleMark(pane.picture, x, y, reach);
    }
    pressed.delete(event.pointerId);
  });
  canvas.addEventListener("pointercancel", (event) => pressed.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => viewer.setPointed(null));
  canvas.addEventListener("pointermove", (event) => {
    if (!pane.picture) return;
    const [x, y] = position(event);
    const press = pressed.get(event.pointerId);
    const isClick = press && !press.moved && Math.hypot(x - press.from[0], y - press.from[1]) < CLICK_TOLERANCE_PX * pane.ratio;
    // While marks can be made, a press that hardly moves may become a mark and does not pan.
    if (press && (!isClick || !marks.open || pressed.size === 2)) {
      press.moved = true;
      const [px, py] = press.at;
      if (pressed.size === 2) {
        const other = [...pressed.entries()].find(([id]) => id !== event.pointerId)[1].at;
        const before = Math.hypot(px - other[0], py - other[1]), after = Math.hypot(x - other[0], y - other[1]);
        if (before > 4) zoom.zoomAt(pane.picture, canvas, (x + other[0]) / 2, (y + other[1]) / 2, after / before);
      } else if (press.window) {
        viewport.dragWindow((x - px) / pane.ratio, (y - py) / pane.ratio);
      } else {
        zoom.pan(pane.picture, canvas, x - px, y - py);
      }
      press.at = [x, y];
      viewer.changed();
    }
    viewer.setPointed({ pane, ...onPicture([x, y]) });
  });
}
