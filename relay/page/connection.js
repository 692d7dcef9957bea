// The connection to the feed. It comes back by itself: exponential back-off
// with full jitter, so that thousands of pages do not return all at once. A
// browser hides the headers of the handshake, so a position is known only from
// the reason of a close; without one the feed goes on live.

const FIRST_WAIT = 500;      // ms, bound of the first wait; it doubles
const LONGEST_WAIT = 30_000; // ms
const SETTLED = 5_000;       // ms that a connection must last for the waits to start over
const HANDSHAKE = 10_000;    // ms that opening may take

// What the close codes mean; final ones would only be met again.
const CLOSES = {
  1000: { says: "The relay ended the connection." },
  1001: { says: "The relay is shutting down or restarting." },
  1002: { says: "The relay found a fault in the WebSocket protocol.", final: true },
  1006: { says: "The connection broke." },
  1008: { says: "The relay does not take what this page sent.", final: true },
  1009: { says: "The relay was sent too large a message.", final: true },
  1012: { says: "The connection reached its maximum age." },
  4401: { says: "The access token is missing or expired.", final: true },
  4403: { says: "This page has no right to the feed.", final: true },
  4408: { says: "This page fell behind, and the relay let go of it." },
  4410: { says: "The relay no longer holds the messages missed meanwhile." },
};

class Connection {
  // url is the feed's. onMessage gets each message's data. onChange is called
  // whenever phase changes: connecting, open, waiting or stopped. Nothing
  // happens before open is called.
  constructor(url, onMessage, onChange) {
    Object.assign(this, { url, onMessage, onChange, phase: "connecting", failures: 0, resume: "", closed: null, back: null, retryAt: 0, openedAt: 0 });
    window.addEventListener("online", () => { if (this.phase === "waiting") this.open(); });
  }

  // open connects now, whatever it waited for.
  open() {
    if (this.socket?.readyState < WebSocket.CLOSED) return;
    clearTimeout(this.timer);
    const url = new URL(this.url);
    if (this.resume) url.searchParams.set("since", this.resume);
    const socket = this.socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.timer = setTimeout(() => socket.close(), HANDSHAKE);
    let heard = false;
    socket.onopen = () => {
      clearTimeout(this.timer);
      this.openedAt = performance.now();
      this.enter("open");
    };
    socket.onmessage = (event) => {
      if (!heard && this.closed) this.back = { at: performance.now(), after: this.openedAt - this.closed.at, resumed: this.resume !== "" };
      heard = true;
      this.onMessage(event.data);
    };
    socket.onclose = (event) => this.ended(event, heard);
    this.enter("connecting");
  }

  // ended reads why the connection closed, and decides what comes next.
  ended({ code, reason }, heard) {
    clearTimeout(this.timer);
    const opened = this.phase === "open";
    if (opened && heard && performance.now() - this.openedAt > SETTLED) this.failures = 0;
    const kind = CLOSES[code] ?? { says: "The connection was closed." };
    const word = reason.split(";", 1)[0];
    const says = code === 1006 && !opened ? "The relay cannot be reached." : word === "silent" ? "The relay did not hear from this page." : kind.says;
    // A resume that did not even open says nothing about its position.
    if (opened) this.resume = /(?:^|[; ])resume=([\w-]+)/.exec(reason)?.[1] ?? "";
    this.closed = { code, word, says, at: heard || !this.closed ? performance.now() : this.closed.at };
    if (kind.final) return this.enter("stopped");
    const wait = Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++);
    this.retryAt = performance.now() + wait;
    this.timer = setTimeout(() => this.open(), wait);
    this.enter("waiting");
  }

  enter(phase) {
    this.phase = phase;
    this.onChange();
  }
}
