// A control that plays by itself: its position runs from 0 to 1, until it ends or someone takes over.

class Player {
  // `act(position)` moves the control; `ended()` is called where it ends or is stopped.
  constructor(seconds, act, ended) { Object.assign(this, { seconds, act, ended, frame: 0 }); }

  get isOn() { return this.frame !== 0; }

  start() {
    this.stop();
    const begin = performance.now();
    const next = (now) => {
      const position = clamp((now - begin) / (1000 * this.seconds), 0, 1);
      this.act(position);
      if (!this.isOn) return; // stopped meanwhile
      if (position < 1) this.frame = requestAnimationFrame(next);
      else this.stop();
    };
    this.frame = requestAnimationFrame(next);
  }

  stop() {
    if (!this.isOn) return;
    this.cancel();
    this.ended();
  }

  // Stop without another word: the control is taken off the page.
  cancel() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}
