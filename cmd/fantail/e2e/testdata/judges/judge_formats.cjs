// A judge of the other formats: Node's ws with the subprotocol fantail.v1, or
// Node's eventsource.
//
//     node judge_formats.cjs URL MESSAGES
//
// A URL of ws: is for ws, one of http: for eventsource. It receives so many messages,
// gets each payload back by the rules of the format, and writes the SHA-256 over the
// length and bytes of each.
'use strict';
const crypto = require('crypto');

const [url, messages] = process.argv.slice(2);
const hash = crypto.createHash('sha256');
let count = 0;

function take(payload, end) {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(payload.length));
  hash.update(head).update(payload);
  if (++count === Number(messages)) {
    console.log(JSON.stringify({ event: 'received', sha256: hash.digest('hex') }));
    end();
  }
}

// payloadOf: a string stands for its characters; all else for the bytes between
// "data": and the last brace.
function payloadOf(line) {
  const envelope = JSON.parse(line);
  if ('notice' in envelope) return null;
  if ('base64' in envelope) return Buffer.from(envelope.base64, 'base64');
  if (typeof envelope.data === 'string') return Buffer.from(envelope.data);
  return Buffer.from(line.slice(line.indexOf('Z","data":') + 10, -1));
}

if (url.startsWith('ws:')) {
  const WebSocket = require('ws');
  const ws = new WebSocket(url, 'fantail.v1', { maxPayload: 1 << 26 });
  ws.on('message', (data) => {
    const payload = payloadOf(data.toString());
    if (payload) take(payload, () => ws.close());
  });
} else {
  const module = require('eventsource');
  const source = new (module.EventSource || module)(url);
  const end = () => source.close();
  source.addEventListener('message', (e) => take(Buffer.from(e.data), end));
  source.addEventListener('base64', (e) => take(Buffer.from(e.data, 'base64'), end));
}
