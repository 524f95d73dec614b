// Writes the viewport into the page's address once it has not changed for a moment, without a request to
// the server, and applies a viewport from an address that the user opened.

const WRITE_DELAY_MS = 350; // after the last change

class AddressBar {
  constructor(viewer) { this.viewer = viewer; }

  // Apply the values that Python parsed from an address, once per address (`turn`).  Returns whether the
  // viewport was changed.
  update(parsed) {
    if (!parsed || parsed.turn === this.turn) return false;
    const first = this.turn === undefined;
    this.turn = parsed.turn;
    if (first && !Object.keys(parsed.values).length) return false;
    applyAddress(parsed.values, this.viewer.viewport, this.viewer.stepper);
    return true;
  }

  schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), WRITE_DELAY_MS);
  }

  write() {
    const { data, viewport, stepper } = this.viewer;
    if (!data || !data.viewport) return; // a page that keeps no viewport in its address
    const { pathname, search, hash } = window.location, query = search.slice(1);
    const newQuery = withAddress(query, addressOf(viewport, stepper));
    if (newQuery === query) return;
    window.history.replaceState(window.history.state, "", pathname + (newQuery ? `?${newQuery}` : "") + hash);
  }

  end() { clearTimeout(this.timer); }
}
