// Writes the viewer's part of the page's address after the viewport has been still for a moment, so that
// looking around asks nothing of the server, and takes it over where an address was brought along.

const STILL_MS = 350;

class AddressBar {
  constructor(viewer) { this.viewer = viewer; }

  // What Python read of an address, once for each time one was brought along (`turn`).  True where
  // the viewport was changed.
  update(given) {
    if (!given || given.turn === this.turn) return false;
    const first = this.turn === undefined;
    this.turn = given.turn;
    if (first && !Object.keys(given.said).length) return false;
    applyAddress(given.said, this.viewer.viewport, this.viewer.stepper);
    return true;
  }

  schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), STILL_MS);
  }

  write() {
    const { data, viewport, stepper } = this.viewer;
    if (!data || !data.viewport) return; // a page that keeps no viewport in its address
    const here = window.location, query = here.search.slice(1);
    const wanted = withAddress(query, addressOf(viewport, stepper));
    if (wanted === query) return;
    window.history.replaceState(window.history.state, "", here.pathname + (wanted ? `?${wanted}` : "") + here.hash);
  }

  end() { clearTimeout(this.timer); }
}
