// The grid of cases: a case is chosen by pointer or key, and a search box filters the cases.
// Text from cases is inserted as text, never as markup.

const SEARCH_DELAY_MS = 250; // after the last typed letter
const SEARCH_LENGTH = 200; // MOST_SEARCHED of case_filter.py

function element(tag, className, text) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  if (text) created.textContent = text;
  return created;
}

class Grid {
  constructor(root) {
    this.root = root;
    this.tiles = new Map(); // key -> tile element
    this.place = root.querySelector(".tiles");
    this.search = root.querySelector(".search");
    this.search.oninput = () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.emitSearch(), SEARCH_DELAY_MS); };
    this.search.onkeydown = (event) => {
      event.stopPropagation(); // typed letters must not act as shortcuts of the page
      if (event.key === "Enter") this.emitSearch();
    };
    root.querySelector(".before").onclick = () => this.emit("page", this.data.page - 1);
    root.querySelector(".after").onclick = () => this.emit("page", this.data.page + 1);
    this.place.onkeydown = (event) => this.onKey(event);
  }

  emitSearch() {
    clearTimeout(this.timer);
    const text = this.search.value.slice(0, SEARCH_LENGTH);
    if (text === this.searched) return;
    this.searched = text;
    this.awaited = true;
    this.emit("search", text);
  }

  // Show Python's search text, but never over letters that it has not seen yet.
  refreshSearch(text) {
    if (text === this.searched) this.awaited = false;
    else if (!this.awaited) this.search.value = this.searched = text;
  }

  show(data) {
    this.data = data;
    this.root.style.setProperty("--above", data.above);
    this.place.setAttribute("aria-label", data.label);
    this.root.querySelector(".status").textContent = data.status;
    this.search.hidden = data.search === null;
    if (data.search !== null) {
      this.search.placeholder = data.hint;
      this.search.setAttribute("aria-label", data.hint);
      this.refreshSearch(data.search);
    }
    const keys = data.items.map((item) => item.key);
    for (const key of [...this.tiles.keys()]) if (!keys.includes(key)) this.tiles.delete(key);
    const focused = this.root.getRootNode().activeElement;
    const tiles = data.items.map((item) => this.refreshTile(item));
    if (tiles.length !== this.place.children.length || tiles.some((t, i) => this.place.children[i] !== t)) {
      this.place.replaceChildren(...tiles);
      if (tiles.includes(focused)) focused.focus();
    }
    this.place.hidden = !tiles.length;
    const chosen = this.tiles.get(data.current);
    for (const tile of tiles) tile.tabIndex = tile === (chosen || tiles[0]) ? 0 : -1;
    if (chosen && this.current !== data.current) this.reveal(chosen);
    this.current = data.current;
    this.refreshPager();
    this.refreshWays(data.ways);
  }

  // The buttons in place of the tiles.
  refreshWays(ways) {
    const place = this.root.querySelector(".ways"), shown = JSON.stringify(ways);
    if (this.shownWays === shown) return;
    this.shownWays = shown;
    const hadFocus = place.contains(this.root.getRootNode().activeElement);
    place.hidden = !ways.length;
    place.replaceChildren(...ways.map(({ key, label }) => {
      const button = element("button", "", label);
      button.type = "button";
      button.onclick = () => this.emit("way", key);
      return button;
    }));
    if (hadFocus && !this.search.hidden) this.search.focus(); // the button is gone
  }

  // Scroll the list to a tile, without scrolling the page.
  reveal(tile) {
    const box = this.place, top = tile.offsetTop - box.offsetTop;
    if (top < box.scrollTop) box.scrollTop = top - 4;
    else if (top + tile.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + tile.offsetHeight - box.clientHeight + 4;
  }

  refreshTile(item) {
    if (!this.tiles.has(item.key)) {
      const tile = element("button", "tile");
      tile.type = "button";
      tile.setAttribute("role", "radio");
      tile.onclick = () => this.pick(item.key);
      tile.append(element("span", "picture"), element("span", "words"));
      this.tiles.set(item.key, tile);
    }
    const tile = this.tiles.get(item.key);
    tile.setAttribute("aria-checked", String(item.key === this.data.current));
    const shown = JSON.stringify([item.lead, item.name, item.badge, item.lines, item.words]);
    if (tile.shown !== shown) {
      tile.shown = shown;
      tile.setAttribute("aria-label", item.words);
      tile.title = item.words;
      const head = element("span", "head");
      head.append(element("span", "", item.name));
      if (item.badge) head.append(element("b", item.right ? "right" : "wrong", item.badge));
      const lead = item.lead ? [element("span", "lead", item.lead)] : [];
      tile.children[1].replaceChildren(...lead, head, ...item.lines.map((line) => element("span", "line", line)));
    }
    if (item.picture !== null && tile.picture !== item.picture) {
      tile.picture = item.picture;
      const picture = item.picture ? element("img") : element("span", "", "unreadable");
      if (item.picture) { picture.alt = ""; picture.src = `data:image/jpeg;base64,${item.picture}`; }
      tile.children[0].replaceChildren(picture);
    }
    return tile;
  }

  refreshPager() {
    const { page, pages } = this.data;
    const pager = this.root.querySelector(".pager");
    pager.hidden = pages < 2;
    pager.querySelector("span").textContent = `${page + 1} of ${pages}`;
    pager.querySelector(".before").disabled = page <= 0;
    pager.querySelector(".after").disabled = page >= pages - 1;
  }

  pick(key) {
    if (key === this.data.current) return;
    for (const [other, tile] of this.tiles) tile.setAttribute("aria-checked", String(other === key));
    this.data = { ...this.data, current: key };
    this.emit("pick", key);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tiles = [...this.place.children];
    const here = tiles.indexOf(this.root.getRootNode().activeElement);
    if (here < 0) return;
    const row = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -here, End: tiles.length - 1 - here };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = tiles[here + steps[event.key]];
    if (!next) return;
    next.focus();
    this.reveal(next);
    this.pick(this.data.items[tiles.indexOf(next)].key);
  }

  end() { clearTimeout(this.timer); }
}

export default function (component) {
  const root = component.parentElement.querySelector(".cases");
  if (!root.grid) root.grid = new Grid(root);
  root.grid.emit = component.setTriggerValue;
  root.grid.show(component.data);
  return () => { root.grid.end(); root.grid = null; };
}
