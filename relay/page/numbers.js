// Numbers as people read them.

const grouped = new Intl.NumberFormat("en");
const twoDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

// count is a whole number with separators; small rates keep one decimal.
function count(n) { return n > 0 && n < 10 && n % 1 ? n.toFixed(1) : grouped.format(Math.round(n)); }

// scaled returns a value and its unit: the largest that leaves one digit before
// the point.
function scaled(value, units, step) {
  let i = 0;
  for (; i < units.length - 1 && value >= step * 0.9995; i++) value /= step;
  return [i === 0 ? grouped.format(Math.round(value)) : threeDigits.format(value), units[i]];
}

const size = (bytes) => scaled(bytes, ["B", "kB", "MB", "GB", "TB"], 1000);
const sizeText = (bytes) => size(bytes).join("\u00a0");

// span is a duration, given in milliseconds.
function span(ms) {
  const a = Math.abs(ms);
  if (a >= 999.5) return [threeDigits.format(ms / 1000), "s"];
  return [a < 10 ? twoDigits.format(ms) : grouped.format(Math.round(ms)), "ms"];
}
const spanText = (ms) => span(ms).join("\u00a0");

// clock is a time of day with milliseconds, in the reader's time zone.
function clock(ms) {
  const d = new Date(ms);
  const pad = (n, width) => String(n).padStart(width, "0");
  return `${pad(d.getHours(), 2)}:${pad(d.getMinutes(), 2)}:${pad(d.getSeconds(), 2)}.${pad(d.getMilliseconds(), 3)}`;
}

// utf8Length is how many bytes a string has on the wire.
function utf8Length(s) {
  let n = s.length;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c < 0x80) continue;
    // A surrogate is half of four bytes and one unit, so it adds one.
    n += c < 0x800 || (c >= 0xd800 && c < 0xe000) ? 1 : 2;
  }
  return n;
}
