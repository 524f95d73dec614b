// Pointer, wheel, touch and keys on a pane.

const STILL_PX = 4; // a press that moves less than this is a click

function attachHands(viewer, pane) {
  const { canvas } = pane;
  const held = new Map();
  const local = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * pane.ratio, (event.clientY - box.top) * pane.ratio];
  };
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => { if (!viewer.marks.open) { viewer.view.reset(); viewer.changed(); } });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = local(event);
    viewer.view.zoomAt(pane.picture, canvas, x, y, Math.exp(-clamp(event.deltaY, -120, 120) / 400));
    viewer.changed();
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (!pane.picture) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { at: local(event), from: local(event), window: event.shiftKey || event.button === 2 });
    if (held.size > 1) for (const one of held.values()) one.moved = true; // a pinch is no click
  });
  const release = (event) => held.delete(event.pointerId);
  canvas.addEventListener("pointerup", (event) => {
    const mine = held.get(event.pointerId);
    if (mine && held.size === 1 && !mine.window && !mine.moved) {
      const at = viewer.view.transform(pane.picture, canvas);
      viewer.marks.put(pane.picture.name, (mine.from[0] - at.left) / at.scale, (mine.from[1] - at.top) / at.scale, (12 * pane.ratio) / at.scale);
    }
    release(event);
  });
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => viewer.point(null));
  canvas.addEventListener("pointermove", (event) => {
    if (!pane.picture) return;
    const [x, y] = local(event);
    const mine = held.get(event.pointerId);
    const near = mine && !mine.moved && Math.hypot(x - mine.from[0], y - mine.from[1]) < STILL_PX * pane.ratio;
    if (mine && (!near || !viewer.marks.open || held.size === 2)) { // a mark may be on its way: a hand shakes
      mine.moved = true;
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
