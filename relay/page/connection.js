// The connection to the feed: the JavaScript client, and what people are told of
// it. fantail.js is a copy of the one in examples/client.

// The meaning of the close codes.
const CLOSES = {
  1000: "The relay ended the connection.",
  1001: "The relay is shutting down or restarting.",
  1002: "The relay found a fault in the WebSocket protocol.",
  1006: "The connection broke.",
  1008: "The relay does not take what this page sent.",
  1009: "The relay was sent too large a message.",
  1012: "The connection reached its maximum age.",
  4401: "The access token is missing or expired.",
  4403: "This page has no right to the feed.",
  4408: "This page fell behind, and the relay closed its connection.",
  4410: "The relay no longer holds the messages missed meanwhile.",
};

class Connection {
  // url is the feed's. onMessage gets each message's text, or the bytes of a
  // binary one. onChange is called whenever phase changes: connecting, open,
  // waiting or stopped. Nothing happens before open is called.
  constructor(url, onMessage, onChange) {
    Object.assign(this, { url, onMessage, onChange, phase: "connecting", closed: null, back: null, gap: null, source: "up", heard: false });
  }

  // open connects now, also if a wait is under way.
  open() {
    if (this.client) return this.client.retry();
    this.client = Fantail.connect(this.url, {
      onMessage: (message) => {
        this.#first();
        this.onMessage(message.binary ? message.data.buffer : message.text);
      },
      onGap: (gap) => { this.gap = { ...gap, at: performance.now() }; },
      onNotice: ({ notice, state }) => { if (notice === "source") this.source = state; },
      onState: (client) => this.#changed(client),
    });
  }

  get openedAt() { return this.client?.openedAt ?? 0; }
  get compressed() { return this.client?.compressed ?? false; }
  get retryAt() { return this.client?.retryAt ?? 0; }

  // first tells, at the first message of a connection, what the interruption
  // before it cost.
  #first() {
    if (this.heard) return;
    this.heard = true;
    if (this.closed) this.back = { at: performance.now(), after: this.openedAt - this.closed.at, gap: this.gap };
  }

  #changed({ phase, code, reason }) {
    const opened = this.phase === "open";
    this.phase = phase === "closed" ? "stopped" : phase;
    if (phase === "open") [this.heard, this.gap] = [false, null];
    if (phase === "waiting" || phase === "closed") {
      const word = reason.split(";", 1)[0];
      const says = code === 1006 && !opened ? "The relay cannot be reached." : word === "silent" ? "The relay did not hear from this page." : CLOSES[code] ?? "The connection was closed.";
      this.closed = { code, word, says, at: this.heard || !this.closed ? performance.now() : this.closed.at };
      this.heard = false;
    }
    this.onChange();
  }
}
