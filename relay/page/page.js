// The page counts messages at once, shows them once a frame, and sums them up four
// times a second.

const QUIET = 5_000;  // ms without a message that are worth telling
const BACK = 8_000;   // ms to read that the connection is back
const REDRAW = 100;   // ms between two pictures of a chart: they move a pixel at a time

const url = new URL("ws", location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
url.search = url.hash = "";

const messages = new Rate(), bytes = new Rate(), matches = new Rate(), shown = new Rate();
const latency = new Percentiles();
const rows = new Rows($("rows"), $("row"), copy);
let pattern = null, paused = false, missed = 0, lastMessage = 0, timed = 0;

// clockOffset turns the steady clock into the time of day, finer than Date.now
// and corrected when the two drift apart, as after a sleep.
let clockOffset = performance.timeOrigin;
function wallClock(now) {
  const drift = Date.now() - (clockOffset + now);
  if (drift > 3 || drift < -2) clockOffset += drift;
  return clockOffset + now;
}

function receive(data) {
  const now = performance.now(), at = wallClock(now);
  const message = new Message(data, at);
  lastMessage = now;
  messages.add(now, 1);
  bytes.add(now, message.size);
  const sent = sentAt(data);
  if (!Number.isNaN(sent)) {
    timed++;
    latency.add(now, at - sent);
  }
  if (!message.matches(pattern)) return;
  matches.add(now, 1);
  if (paused || rows.held) missed++;
  else rows.offer(message);
}

const connection = new Connection(url, receive, showState);

// Frames: rows at once, charts every tenth of a second.

const charts = [
  new Chart($("messages-chart"), [{ series: messages.series, colour: "accent", fill: true }], axisCount, 10),
  new Chart($("bytes-chart"), [{ series: bytes.series, colour: "accent", fill: true }], sizeText, 1000),
  new Chart($("latency-chart"), [{ series: latency.p99, colour: "second" }, { series: latency.p50, colour: "accent", fill: true }], spanText, 1),
];
function axisCount(n) { return n >= 10_000 ? scaled(n, ["", "k", "M"], 1000).join("") : count(n); }

const motion = matchMedia("(prefers-reduced-motion: reduce)");
let colours = {}, drawn = 0;
dressed.push((theirs) => {
  colours = theirs;
  drawn = 0;
});

function frame() {
  const now = performance.now();
  const n = rows.flush(now, motion.matches);
  if (n) {
    shown.add(now, n);
    $("empty").hidden = true;
  }
  if (now - drawn >= (motion.matches ? 1000 : REDRAW)) {
    drawn = now;
    for (const chart of charts) chart.draw(now, colours, motion.matches);
  }
  requestAnimationFrame(frame);
}

// Figures, four times a second.

function sumUp() {
  const now = performance.now(), open = connection.phase === "open";
  for (const rate of [messages, bytes, matches, shown]) rate.settle(now, open);
  latency.settle(now);
  figure("messages", [known(messages.now, count)[0], "per second"], messages.series.peak(), count);
  say("messages-all", count(messages.total));
  const [value, unit] = known(bytes.now, size);
  figure("bytes", [value, unit ? `${unit} per second` : "per second"], bytes.series.peak(), (n) => `${sizeText(n)}/s`);
  say("bytes-all", sizeText(bytes.total));
  $("bytes-compressed").hidden = !connection.compressed;
  sumUpLatency();
  showState();
  showShown();
}

const UNKNOWN = "–";

// known is a number's text and perhaps its unit, or a dash.
const known = (n, text) => Number.isNaN(n) ? [UNKNOWN] : [text(n)].flat();

function figure(name, [value, unit], peak, text) {
  say(`${name}-now`, value);
  $(`${name}-now`).classList.toggle("none", value === UNKNOWN);
  if ($(`${name}-unit`)) say(`${name}-unit`, unit);
  say(`${name}-peak`, known(peak, text)[0]);
}

function sumUpLatency() {
  if (!timed) return say("latency-unknown", messages.total ? "This feed carries no send time, so its latency cannot be told here." : "Waiting for the first message.");
  $("latency").dataset.known = true;
  $("demo").hidden = false;
  const median = latency.p50.at(latency.p50.newest), [value, unit] = known(median, span);
  figure("latency", [value, median < 0 ? `${unit}: clocks differ` : unit ? `${unit} median` : "median"], latency.p99.peak(), spanText);
  say("latency-p99", known(latency.p99.at(latency.p99.newest), spanText)[0]);
}

// showShown tells how much of the feed is on the page.
function showShown() {
  const rate = messages.now || 0, matching = (pattern ? matches.now : rate) || 0, seen = Math.min(shown.now || 0, matching);
  const ofAll = pattern ? `${count(matching)} of ${count(rate)}/s match` : `${count(rate)}/s`;
  const still = paused ? "Paused" : rows.held && `Held while ${rows.held}`;
  let text;
  if (still) text = `${still} · ${count(missed)} went by · ${ofAll}`;
  else if (pattern) text = ofAll + (seen < matching * 0.95 ? `, showing ${count(seen)}` : "");
  else text = seen < rate * 0.95 ? `Showing ${count(seen)} of ${ofAll}` : rate ? `Showing all ${ofAll}` : "";
  if (!still) missed = 0;
  say("shown", text);
  const empty = rows.empty;
  $("empty").hidden = !empty;
  if (empty) say("empty", paused ? "Paused" : pattern ? `No message with “${$("filter").value}” yet` : messages.total ? "Waiting for the next message" : "Waiting for the first message");
}

// showState tells how the connection stands: in the header, the banner and the
// window's title.
function showState() {
  const { phase, closed, back, gap, retryAt, openedAt } = connection, now = performance.now(), quiet = now - Math.max(lastMessage, openedAt);
  const wait = Math.max(0, Math.ceil((retryAt - now) / 1000));
  const words = { connecting: closed ? "Reconnecting" : "Connecting", waiting: "Reconnecting", stopped: "Disconnected", open: connection.source === "down" ? "Connected, source away" : quiet > QUIET ? "Connected, no messages" : "Live" }[phase];
  $("state").dataset.phase = phase;
  say("state-text", words);
  $("trouble").hidden = phase === "open" || !closed;
  $("retry").hidden = phase === "connecting";
  if (closed) {
    const next = phase === "stopped" ? "It would go the same way again." : phase === "connecting" || wait === 0 ? "Trying again now." : `Trying again in ${wait} s.`;
    say("trouble-what", closed.says);
    say("trouble-next", `(${closed.code}${closed.word && ` ${closed.word}`}) ${next}`);
  }
  const fresh = (event) => phase === "open" && event && now - event.at < BACK ? event : null;
  showBack(fresh(back), fresh(gap));
  const title = phase === "open" ? (paused ? "Paused" : `${count(messages.now || 0)}/s`) : words;
  document.title = `${title} · Fantail`;
}

// showBack tells what an interruption cost, once it is over, and what was left
// out for a page that is slow.
function showBack(back, gap) {
  $("back").hidden = !back && !gap;
  if (!back && gap) say("back", lossText(gap));
  if (back) say("back", `Back after ${spanText(Math.max(100, back.after))}. ` + lossText(back.gap));
}

// lossText tells what a gap cost, if there is one.
function lossText(gap) {
  if (!gap) return "The feed went on where it stopped.";
  if (gap.missed === undefined) return "The relay does not know what was sent meanwhile.";
  return `${gap.atLeast ? "At least " : ""}${count(gap.missed)} ${gap.missed === 1 ? "message" : "messages"} did not reach this page.`;
}

// The actions of people.

$("pause").onclick = () => {
  paused = !paused;
  missed = 0;
  rows.drop();
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").querySelector("use").setAttribute("href", paused ? "#i-play" : "#i-pause");
  say("said", paused ? "Paused" : "Live again");
  sumUp();
};
$("clear").onclick = () => {
  rows.clear();
  showShown();
};
$("filter").oninput = () => {
  const text = $("filter").value;
  pattern = text ? new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i") : null;
  matches.forget();
  rows.drop();
  rows.filter(pattern);
  showShown();
};
$("retry").onclick = () => connection.open();

const snippet = `new WebSocket("${url}").onmessage = ({ data }) => console.log(data)`;
say("address", url.href);
say("snippet", snippet);
$("copy-address").onclick = () => copy($("copy-address"), url.href);
$("copy-snippet").onclick = () => copy($("copy-snippet"), snippet);

dress();
connection.open();
setInterval(sumUp, SLOT);
requestAnimationFrame(frame);
