// The client on a WebSocket and clocks of the test's own: node --test.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { connect } from "./fantail.mjs";

let sockets, now, random;

class FakeSocket {
  constructor(url, protocols) {
    Object.assign(this, { url: new URL(url), protocols, protocol: "fantail.v1", closed: false });
    sockets.push(this);
  }
  open() { this.onopen({}); }
  say(envelope) { this.onmessage({ data: typeof envelope === "string" ? envelope : JSON.stringify(envelope) }); }
  end(code, reason = "") { this.onclose({ code, reason }); }
  close() { this.closed = true; }
}

beforeEach(() => {
  sockets = [];
  now = 0;
  random = 0.5;
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => now);
  mock.method(Math, "random", () => random);
});

const last = () => sockets.at(-1);
const pass = (ms) => { for (; ms > 0; ms -= 100) { now += 100; mock.timers.tick(100); } };
const start = (options = {}) => connect("ws://relay.example/ws", { WebSocket: FakeSocket, ...options });
const message = (seq, data = seq) => ({ pos: `aaaaaaaa-${seq}`, key: "k", time: "2026-01-02T03:04:05Z", data });

test("asks for what the options say", () => {
  const feed = connect("https://relay.example/ws?token=t", { WebSocket: FakeSocket, keys: ["a", "b*"], policy: "skip", last: 5 });
  assert.equal(last().url.href, "wss://relay.example/ws?token=t&key=a&key=b*&policy=skip&last=5");
  assert.deepEqual(last().protocols, ["fantail.v1"]);
  feed.close();
  start({ snapshot: true }).close();
  assert.equal(last().url.search, "?snapshot=1");
  start({ since: "aaaaaaaa-1" }).close();
  assert.equal(last().url.search, "?since=aaaaaaaa-1");
  assert.throws(() => connect("ws://%", { WebSocket: FakeSocket }));
});

test("hands on what a message holds", () => {
  const got = [];
  start({ onMessage: (m) => got.push(m) });
  last().open();
  const line = (data) => `{"pos":"aaaaaaaa-1","key":"a\\"data\\":b","time":"2026-01-02T03:04:05Z",${data}}`;
  for (const text of ['{"a": 1}', " [1,2]\t", "12345678901234567890.10", "null"]) {
    last().say(line(`"data":${text}`));
    assert.equal(got.at(-1).text, text);
    assert.deepEqual(got.at(-1).data, JSON.parse(text));
  }
  last().say(line('"data":"a\\nb"'));
  assert.equal(got.at(-1).text, "a\nb");
  assert.equal(got.at(-1).key, 'a"data":b');
  last().say(line('"base64":"AP8K"'));
  assert.deepEqual([got.at(-1).binary, got.at(-1).data, got.at(-1).text], [true, new Uint8Array([0, 255, 10]), undefined]);
  last().say('{"pos":"aaaaaaaa-2","time":"2026-01-02T03:04:05Z","data":{"x":[]}}');
  assert.deepEqual([got.at(-1).key, got.at(-1).text, got.at(-1).position], ["", '{"x":[]}', "aaaaaaaa-2"]);
});

test("resumes after the last message, the hello, or where a close says", () => {
  const feed = start({ last: 5, keys: ["k"] });
  last().open();
  last().say({ notice: "hello", pos: "aaaaaaaa-10" });
  last().end(1006);
  pass(500);
  assert.equal(last().url.search, "?key=k&since=aaaaaaaa-10");
  last().open();
  last().say(message(11));
  last().end(1006);
  pass(1000);
  assert.equal(last().url.search, "?key=k&since=aaaaaaaa-11");
  last().open();
  last().end(1001, "draining; resume=aaaaaaaa-12");
  assert.deepEqual([feed.phase, feed.code, feed.reason, feed.position], ["waiting", 1001, "draining; resume=aaaaaaaa-12", "aaaaaaaa-12"]);
  pass(2000);
  assert.equal(last().url.search, "?key=k&since=aaaaaaaa-12");
});

test("tells gaps", () => {
  const gaps = [], notices = [];
  const feed = start({ onGap: (g) => gaps.push(g), onNotice: (n) => notices.push(n.notice) });
  last().open();
  last().say({ notice: "gap", pos: "aaaaaaaa-9", from: "aaaaaaaa-4", missed: 5 });
  last().say({ notice: "gap", pos: "aaaaaaaa-12", from: "aaaaaaaa-9", missed: 3, at_least: true, conflated: true });
  last().say({ notice: "gap", pos: "bbbbbbbb-0" });
  last().say({ notice: "source", pos: "bbbbbbbb-0", state: "down" });
  assert.deepEqual(gaps, [
    { position: "aaaaaaaa-9", from: "aaaaaaaa-4", missed: 5, atLeast: false, conflated: false },
    { position: "aaaaaaaa-12", from: "aaaaaaaa-9", missed: 3, atLeast: true, conflated: true },
    { position: "bbbbbbbb-0", from: undefined, missed: undefined, atLeast: true, conflated: false },
  ]);
  assert.deepEqual(notices, ["gap", "gap", "gap", "source"]);
  assert.equal(feed.position, "bbbbbbbb-0");
});

test("comes back or gives up, by the close code", () => {
  const back = [1000, 1001, 1006, 1012, 4408, 4410], final = [1002, 1008, 1009, 4401, 4403];
  for (const code of [...back, ...final]) {
    const feed = start();
    last().open();
    last().end(code);
    assert.equal(feed.phase, back.includes(code) ? "waiting" : "closed", `${code}`);
    const before = sockets.length;
    pass(1000);
    assert.equal(sockets.length - before, back.includes(code) ? 1 : 0, `${code}`);
    feed.retry();
    assert.equal(sockets.length - before, 1, `${code}`);
    feed.close();
  }
});

test("a position that is gone is told and forgotten", () => {
  const gaps = [];
  start({ since: "aaaaaaaa-1", onGap: (g) => gaps.push(g.missed) });
  last().open();
  last().end(4410, "gone; oldest=aaaaaaaa-50");
  pass(500);
  assert.deepEqual([last().url.search, gaps], ["", [undefined]]);
});

test("waits longer each time, never more than 30 s, until a connection has lasted", () => {
  random = 1;
  start();
  for (const bound of [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]) {
    const before = sockets.length;
    last().end(1006);
    pass(bound - 100);
    assert.equal(sockets.length, before, `before ${bound} ms`);
    pass(100);
    assert.equal(sockets.length, before + 1, `after ${bound} ms`);
  }
  last().open();
  pass(6000);
  last().say(message(1));
  last().end(1006);
  pass(500);
  last().end(1006);
  assert.equal(sockets.length, 10);
});

test("a silent connection and a handshake without answer are given up", () => {
  const feed = start();
  const first = last();
  pass(9900);
  assert.equal(first.closed, false);
  pass(100);
  assert.deepEqual([first.closed, feed.phase], [true, "waiting"]);
  pass(500);
  const second = last();
  second.open();
  for (let i = 0; i < 10; i++) { // heartbeats are enough
    pass(25_000);
    second.say({ notice: "heartbeat", pos: "aaaaaaaa-1" });
  }
  assert.equal(second.closed, false);
  pass(80_000);
  assert.equal(second.closed, true);
  assert.equal(last().url.search, "?since=aaaaaaaa-1");
});

test("a server that does not speak envelopes ends it", () => {
  const feed = start();
  last().protocol = "";
  last().open();
  assert.deepEqual([feed.phase, feed.code, last().closed], ["closed", 1002, true]);
  assert.match(feed.reason, /no relay/);
});

test("close is for good", () => {
  const states = [];
  const feed = start({ onState: ({ phase }) => states.push(phase) });
  last().open();
  feed.close();
  feed.retry();
  pass(100_000);
  assert.deepEqual([feed.phase, sockets.length, last().closed, states], ["closed", 1, true, ["connecting", "open"]]);
});

test("a message whose handler throws does not come again", () => {
  const feed = start({ onMessage: () => { throw new Error("mine"); } });
  last().open();
  assert.throws(() => last().say(message(7)), /mine/);
  assert.equal(feed.position, "aaaaaaaa-7");
});
