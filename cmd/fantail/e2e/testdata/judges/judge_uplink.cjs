// Sends messages to a relay whose source is a chat, compressed as far as that was
// agreed on, and hears them come back: node judge_uplink.cjs URL. Prints one line
// of JSON.
'use strict';
const WebSocket = require('ws');

const texts = ["say hi", "say é 🐦", "say " + "a feed of birds, ".repeat(2000), "say [1,2,3]", "say last"];
const socket = new WebSocket(process.argv[2], { perMessageDeflate: { threshold: 0 } });
const result = { extensions: "", heard: 0, wrong: "", code: 0, reason: "" };

socket.on("open", () => {
  result.extensions = socket.extensions;
  for (const text of texts) {
    const half = Math.floor(text.length / 2);
    socket.send(text.slice(0, half), { fin: false });
    socket.send(text.slice(half), { fin: true });
  }
});
socket.on("message", (data, binary) => {
  if (binary || data.toString() !== texts[result.heard]) result.wrong ||= `message ${result.heard}: ${data.toString().slice(0, 40)}`;
  if (++result.heard === texts.length) socket.send("unsubscribe");
});
socket.on("error", (err) => { result.wrong ||= String(err); });
socket.on("close", (code, reason) => {
  Object.assign(result, { code, reason: reason.toString().split(";")[0] });
  console.log(JSON.stringify(result));
});
