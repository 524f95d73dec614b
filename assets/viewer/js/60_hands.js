// Pointer, wheel, touch and keys on a pane.

function attachHands(viewer, pane) {
  const { canvas } = pane;
  const held = new Map();
  const local = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * pane.ratio, (event.clientY - box.top) * pane.ratio];
  };
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => { viewer.view.reset(); viewer.changed(); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = local(event);
    viewer.view.zoomAt(pane.picture, canvas, x, y, Math.exp(-clamp(event.deltaY, -120, 120) / 400));
    viewer.changed();
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (!pane.picture) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { at: local(event), window: event.shiftKey || event.button === 2 });
  });
  const release = (event) => held.delete(event.pointerId);
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => viewer.point(null));
  canvas.addEventListener("pointermove", (event) => {
    if (!pane.picture) return;
    const [x, y] = local(event);
    const mine = held.get(event.pointerId);
    if (mine) {
      const [bx, by] = mine.at;
      if (held.size === 2) {
        const other = [...held.entries()].find(([id]) => id !== event.pointerId)[1].at;
        const before = Math.hypot(bx - other[0], by - other[1]), now = Math.hypot(x - other[0], y - other[1]);
        if (before > 4) viewer.view.zoomAt(pane.picture, canvas, (x + other[0]) / 2, (y + other[1]) / 2, now / before);
      } else if (mine.window) {
        viewer.windowBy((x - bx) / pane.ratio, (y - by) / pane.ratio);
      } else {
        viewer.view.pan(pane.picture, canvas, x - bx, y - by);
      }
      mine.at = [x, y];
      viewer.changed();
    }
    const at = viewer.view.transform(pane.picture, canvas);
    viewer.point({ pane, x: (x - at.left) / at.scale, y: (y - at.top) / at.scale });
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (viewer.key(event.key, pane)) { event.preventDefault(); event.stopPropagation(); }
  });
  canvas.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "b") viewer.blink(false); });
  canvas.addEventListener("blur", () => viewer.blink(false));
}
