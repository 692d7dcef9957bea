// A judge of the wire: Node's ws (https://github.com/websockets/ws).
//
//     node judge_ws.cjs URL MESSAGES MODE
//
// It receives so many messages and writes what it saw, a JSON object a line: the
// handshake; the messages' SHA-256, over kind, length and bytes of each; and, at
// the end, the close code and reason. MODE "violate" has it then send a message,
// "stay" only wait for the end, "leave" end at once.
'use strict';
const crypto = require('crypto');
const WebSocket = require('ws');

const [url, messages, mode] = process.argv.slice(2);
const tell = (event) => console.log(JSON.stringify(event));

const ws = new WebSocket(url, { maxPayload: 1 << 26 }); // offers permessage-deflate
const hash = crypto.createHash('sha256');
let count = 0;
let pings = 0;
ws.on('upgrade', (response) => tell({
  event: 'open',
  extensions: ws.extensions || response.headers['sec-websocket-extensions'] || '',
  position: response.headers['fantail-position'] || '',
}));
ws.on('ping', () => { if (++pings === 3) tell({ event: 'pinged' }); });
ws.on('message', (data, binary) => {
  const head = Buffer.alloc(9);
  head.write(binary ? 'b' : 't');
  head.writeBigUInt64BE(BigInt(data.length), 1);
  hash.update(head).update(data);
  if (++count === Number(messages)) {
    tell({ event: 'received', sha256: hash.digest('hex') });
    if (mode === 'leave') process.exit();
    if (mode === 'violate') ws.send('not allowed');
  }
});
ws.on('close', (code, reason) => tell({ event: 'closed', code, reason: reason.toString() }));
ws.on('error', (error) => tell({ event: 'error', reason: String(error) }));
