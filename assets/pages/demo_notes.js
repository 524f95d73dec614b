// The presenter's notes in a window of their own, with a clock.  The tour's window says which stop it shows,
// and the buttons here move it (see demo_keys.js).

const CHANNEL = "cesm-tour";

class Notes {
  constructor(root) {
    this.root = root;
    this.stop = null; // index of the stop that the tour shows; null before it said so
    this.begun = null; // time of the first stop, ms
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = (event) => this.hear(event.data);
    this.find("back").onclick = () => this.channel.postMessage({ go: -1 });
    this.find("next").onclick = () => this.channel.postMessage({ go: 1 });
    this.find("again").onclick = () => { this.begun = Date.now(); this.tick(); };
    this.timer = setInterval(() => this.tick(), 500);
    this.channel.postMessage({ ask: true });
  }

  find(name) { return this.root.querySelector(`.${name}`); }

  show(stops) {
    this.stops = stops;
    this.draw();
  }

  hear(message) {
    if (!message || !Number.isInteger(message.stop)) return;
    this.stop = message.stop;
    this.begun = this.begun || Date.now();
    this.draw();
  }

  draw() {
    const here = this.stops[this.stop], next = this.stops[this.stop + 1];
    this.find("where").textContent = here ? `Stop ${this.stop + 1} of ${this.stops.length}` : "Waiting for the tour's window";
    this.find("title").textContent = here ? here.title : "Open Demo in another window of this browser";
    this.find("say").textContent = here ? here.speech : "";
    this.find("do").textContent = here ? `By hand: ${here.instruction}` : "";
    this.find("then").textContent = here ? (next ? `Next: ${next.title}` : "This is the last stop.") : "";
    this.find("back").disabled = !here || this.stop === 0;
    this.find("next").disabled = !next;
    this.tick();
  }

  tick() {
    const seconds = this.begun ? Math.floor((Date.now() - this.begun) / 1000) : 0;
    this.find("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  end() {
    clearInterval(this.timer);
    this.channel.close();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".notes");
  if (!root.notes) root.notes = new Notes(root);
  root.notes.show(component.data.stops);
  return () => { root.notes.end(); root.notes = null; };
}
