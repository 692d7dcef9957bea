"use strict";
// A client of a Fantail relay, for browsers and Node. It depends on nothing. As a
// script it sets the global Fantail; as a module import it from fantail.mjs.
//
//   const feed = Fantail.connect("wss://relay.example/ws", {
//     keys: ["BTC-*"],                                     // none is all
//     onMessage: ({ data, key }) => console.log(key, data),
//     onGap: ({ missed }) => console.warn("missed", missed),
//   });
//
// It keeps the position after the last message. When it loses the connection, it
// reconnects and resumes there: no message comes twice, and none is left out
// without a call of onGap.
globalThis.Fantail = (() => {
  const SUBPROTOCOL = "fantail.v1";
  const FIRST_WAIT = 500;      // ms, bound of the first wait; it doubles
  const LONGEST_WAIT = 30_000; // ms
  const SETTLED = 5_000;       // ms that a connection must last for the waits to start over
  const HANDSHAKE = 10_000;    // ms for opening a connection
  const SILENCE = 60_000;      // ms without a byte; a relay says something every 25 s

  // After these closes another attempt would end the same way: the protocol, a
  // message, a token, a right. After all others the client reconnects.
  const FINAL = new Set([1002, 1008, 1009, 4401, 4403]);
  const GONE = 4410; // the relay no longer holds the position: start live

  // The text before a message in its envelope. The message is everything after it,
  // up to the last brace.
  const HEAD = /^\{"pos":"[^"]*"(?:,"key":"(?:[^"\\]|\\.)*")?,"time":"[^"]*","data":/;

  // Message is one message of the feed.
  class Message {
    #line;
    constructor(envelope, line) {
      this.#line = line;
      this.position = envelope.pos;
      this.key = envelope.key ?? "";      // empty if it has none
      this.time = envelope.time;          // RFC 3339: when the relay received it
      this.binary = envelope.base64 !== undefined;
      this.data = this.binary ? bytes(envelope.base64) : envelope.data; // the parsed JSON, a string, or a Uint8Array
    }

    // text is a text message as the source sent it, character by character.
    get text() {
      if (this.binary) return undefined;
      if (typeof this.data === "string") return this.data;
      const head = HEAD.exec(this.#line);
      return head ? this.#line.slice(head[0].length, -1) : JSON.stringify(this.data);
    }
  }

  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  // Connection is one client's connection; connect returns it.
  class Connection {
    #url; #on; #Socket; #socket = null; #timer; #watch; #failures = 0; #heard = 0; #over = false;

    // For reading: only the connection sets these.
    phase = "connecting"; // connecting, open, waiting, or closed for good
    position = "";        // after the last message; empty = not known yet
    code = 0; reason = ""; // of the last close; 1006 is a connection that broke
    compressed = false;   // the relay compresses what it sends
    openedAt = 0;         // by performance.now()
    retryAt = 0;          // likewise, while waiting

    constructor(url, options) {
      const { keys = [], policy, last, snapshot, since, WebSocket = globalThis.WebSocket, ...on } = options;
      if (!WebSocket) throw new Error("fantail: there is no WebSocket here; give one as option WebSocket, or use Node 22");
      this.#Socket = WebSocket;
      this.#on = on;
      this.#url = new URL(url, globalThis.location?.href);
      this.#url.protocol = this.#url.protocol.replace("http", "ws");
      for (const key of keys) this.#url.searchParams.append("key", key);
      for (const [name, value] of Object.entries({ policy, last, since, snapshot: snapshot ? 1 : undefined }))
        if (value) this.#url.searchParams.set(name, value);
      globalThis.window?.addEventListener("online", this.#online);
      this.#open();
    }

    // retry connects now, if the client waits or has given up.
    retry() { if (!this.#over && (this.phase === "waiting" || this.phase === "closed")) this.#open(); }

    // close ends the connection for good. It calls nothing afterwards.
    close() {
      this.#over = true;
      this.#on = {};
      globalThis.window?.removeEventListener("online", this.#online);
      this.#drop();
      this.#enter("closed");
    }

    #online = () => { if (this.phase === "waiting") this.#open(); };

    #open() {
      clearTimeout(this.#timer);
      const url = new URL(this.#url);
      if (this.position) {
        for (const name of ["last", "snapshot"]) url.searchParams.delete(name);
        url.searchParams.set("since", this.position);
      }
      const socket = this.#socket = new this.#Socket(url.href, [SUBPROTOCOL]);
      this.#timer = setTimeout(() => this.#lost(), HANDSHAKE);
      socket.onopen = () => this.#opened(socket);
      socket.onmessage = ({ data }) => this.#receive(data);
      socket.onerror = () => {}; // the close that follows says more
      socket.onclose = (event) => this.#ended(event);
      this.#enter("connecting");
    }

    #opened(socket) {
      clearTimeout(this.#timer);
      this.compressed = /permessage-deflate/.test(socket.extensions);
      if (socket.protocol !== SUBPROTOCOL) return this.#lost(1002, `protocol; this is no relay that speaks ${SUBPROTOCOL}`);
      this.openedAt = this.#heard = performance.now();
      this.#watch = setInterval(() => { if (performance.now() - this.#heard > SILENCE) this.#lost(); }, SILENCE / 4);
      this.#enter("open");
    }

    // receive takes the position before it calls onMessage, so that a message whose
    // onMessage throws does not come again.
    #receive(line) {
      this.#heard = performance.now();
      const envelope = JSON.parse(line);
      this.position = envelope.pos;
      if (!envelope.notice) return this.#on.onMessage?.(new Message(envelope, line));
      if (envelope.notice === "gap") this.#gap(envelope);
      this.#on.onNotice?.(envelope);
    }

    // gap reports missed messages; missed is undefined if nobody knows the number.
    #gap({ pos, from, missed, at_least, conflated }) {
      this.#on.onGap?.({ position: pos, from, missed, atLeast: !!at_least || missed === undefined, conflated: !!conflated });
    }

    // lost gives up a socket without waiting for its close.
    #lost(code = 1006, reason = "") {
      this.#drop();
      this.#ended({ code, reason });
    }

    #drop() {
      clearTimeout(this.#timer);
      clearInterval(this.#watch);
      const socket = this.#socket;
      if (!socket) return;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      this.#socket = null;
    }

    #ended({ code, reason }) {
      this.#drop();
      const now = performance.now();
      if (this.phase === "open" && this.#heard - this.openedAt > SETTLED) this.#failures = 0;
      Object.assign(this, { code, reason });
      this.position = /(?:^|[; ])resume=([a-z0-9]+-\d+)/.exec(reason)?.[1] ?? this.position;
      if (code === GONE) {
        this.position = "";
        this.#url.searchParams.delete("since");
        this.#gap({ pos: "" });
      }
      if (FINAL.has(code)) return this.#enter("closed");
      const wait = Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++); // full jitter
      this.retryAt = now + wait;
      this.#timer = setTimeout(() => this.#open(), wait);
      this.#enter("waiting");
    }

    #enter(phase) {
      this.phase = phase;
      this.#on.onState?.(this);
    }
  }

  return {
    // connect returns a Connection that is being opened. It throws if the URL is not
    // valid. All options may be left out:
    //
    //   onMessage(message)  each message: data, text, binary, key, time, position
    //   onGap(gap)          messages were left out: missed (undefined = unknown),
    //                       atLeast, conflated, from, position
    //   onNotice(notice)    all that the relay says besides, gaps too
    //   onState(connection) its phase has changed
    //   keys                those wanted; one that ends in * is a prefix
    //   policy              of a slow client: evict, skip or conflate
    //   since, last, snapshot  where to begin: a position, messages back, the
    //                       newest of each key; none is live
    //   WebSocket           a class like the browser's, where there is none
    connect: (url, options = {}) => new Connection(url, options),
  };
})();
