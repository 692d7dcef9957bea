// A message as the page holds it. A message is hostile: the page only measures it,
// searches it, and puts it into text nodes.

const KEPT = 256 * 1024; // characters, or bytes of a binary message, kept of one message
const TEASER = 600;      // characters of a row that is not expanded
const TEASER_BYTES = 48; // of a binary one
const WHOLE = 64 * 1024; // characters put on the page when it is expanded

class Message {
  // data is a string or an ArrayBuffer, at the time of arrival in ms since 1970.
  constructor(data, at) {
    this.at = at;
    this.binary = typeof data !== "string";
    this.size = this.binary ? data.byteLength : utf8Length(data);
    this.cut = (this.binary ? data.byteLength : data.length) > KEPT;
    this.data = this.binary ? new Uint8Array(data) : data;
  }

  // keep cuts a message that is too long to be held. A slice of a string can hold
  // the whole string alive, so it is copied.
  keep() {
    if (!this.cut) return;
    this.data = this.binary
      ? this.data.slice(0, KEPT)
      : new TextDecoder().decode(new TextEncoder().encode(this.data.slice(0, KEPT)));
  }

  // matches searches text, or the start of a binary message as it is shown.
  matches(pattern) { return !pattern || pattern.test(this.binary ? hex(this.data, TEASER_BYTES) : this.data); }

  // text returns the text of a row.
  text(whole) {
    const most = this.binary ? (whole ? WHOLE / 4 : TEASER_BYTES) : whole ? WHOLE : TEASER;
    const start = this.binary ? hex(this.data, most) : this.data.slice(0, most);
    return this.data.length > most ? `${start} …` : start;
  }

  // copy returns the text for the clipboard: everything that the page holds.
  copy() { return this.binary ? hex(this.data, this.data.length) : this.data; }
}

const hexDigits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

function hex(bytes, most) { return Array.from(bytes.subarray(0, most), (b) => hexDigits[b]).join(" "); }

// sentAt returns when a demo message was made, in ms since 1970, or NaN. Other
// feeds have fields named t too, and mean other things by them.
function sentAt(data) {
  if (typeof data !== "string" || !data.startsWith('{"demo":true,')) return NaN;
  const found = /"t":(\d{18,19})[,}]/.exec(data.slice(0, 200));
  return found ? Number(found[1]) / 1e6 : NaN;
}

// A string, with its colon if it is a key; a number; a word.
const tokens = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

// paint fills an element with a message's text, coloured if it looks like JSON.
// Punctuation stays plain: fewer nodes, and calmer.
function paint(element, message, whole) {
  const text = message.text(whole);
  if (message.binary || !/^\s*[{[]/.test(text)) {
    element.textContent = text;
    return;
  }
  const parts = [];
  let end = 0;
  for (const m of text.matchAll(tokens)) {
    if (m.index > end) parts.push(text.slice(end, m.index));
    const token = document.createElement("span");
    token.className = m[1] === undefined ? (m[3] === undefined ? "w" : "n") : m[2] === undefined ? "s" : "k";
    token.textContent = m[1] ?? m[0];
    parts.push(token);
    if (m[2]) parts.push(m[2]);
    end = m.index + m[0].length;
  }
  parts.push(text.slice(end));
  element.replaceChildren(...parts);
}
