// Messages to Python, one at a time: the next is sent once Python has answered, that is, once it has sent
// data that name the last message.  A message sent while the server still runs the page for the one before
// makes Streamlit lose that run's answer, and the viewer is taken off the page and built anew.

const ANSWER_WAIT_MS = 3000; // then the message is given up as lost, and the next one is sent

class Outbox {
  constructor(send, later = (act, ms) => setTimeout(act, ms)) {
    Object.assign(this, { send, later });
    this.waiting = []; // { name, value }, the first goes first
    this.last = Date.now(); // numbers go up from here, so that a viewer built anew does not repeat any
    this.unanswered = null;
  }

  // `replaces`: the value stands for all earlier ones of its name; those that still wait are dropped.
  emit(name, value, replaces = true) {
    if (replaces) this.waiting = this.waiting.filter((message) => message.name !== name);
    this.waiting.push({ name, value });
    this.sendNext();
  }

  // `id`: of the message that Python handled last.
  answered(id) {
    if (id !== this.unanswered) return;
    this.unanswered = null;
    this.sendNext();
  }

  // Whether Python has not answered all messages yet.
  isWaiting() { return this.unanswered !== null || this.waiting.length > 0; }

  sendNext() {
    if (this.unanswered !== null || !this.waiting.length) return;
    const { name, value } = this.waiting.shift();
    const id = (this.unanswered = this.last += 1);
    this.send(name, { id, value });
    this.later(() => this.answered(id), ANSWER_WAIT_MS);
  }

  end() { this.waiting = []; }
}
