// Figures of the last two minutes, in slots of a quarter of a second. Slots are
// found by the clock and not by a timer, since browsers slow down the timers of
// hidden tabs.

const SLOT = 250;            // ms
const WINDOW = 120_000 / SLOT; // slots on a chart
const SECOND = 1000 / SLOT;

const slotOf = (now) => Math.floor(now / SLOT);

// Series holds one number for each slot; NaN is unknown.
class Series {
  constructor() {
    this.values = new Float64Array(WINDOW + 2 * SECOND).fill(NaN);
    this.newest = -1;
  }
  // at returns a slot's value. Too old or not there yet is unknown.
  at(slot) {
    const held = slot >= 0 && slot <= this.newest && slot > this.newest - this.values.length;
    return held ? this.values[slot % this.values.length] : NaN;
  }
  set(slot, value) {
    const from = Math.max(this.newest + 1, slot - this.values.length + 1);
    for (let s = from; s < slot; s++) this.values[s % this.values.length] = NaN;
    this.values[slot % this.values.length] = value;
    this.newest = Math.max(this.newest, slot);
  }
  // peak is the largest known value of the window.
  peak() {
    let most = NaN;
    for (let s = this.newest - WINDOW; s <= this.newest; s++) {
      const v = this.at(s);
      if (!(v <= most)) most = Number.isNaN(v) ? most : v;
    }
    return most;
  }
}

// Rate counts what happens and turns it into a figure a second: at each slot's
// end, that of the second before it.
class Rate {
  constructor() {
    this.total = 0;
    this.forget();
  }
  // forget resets the figures, and keeps the total.
  forget() {
    this.counts = new Series();
    this.series = new Series();
    this.done = slotOf(performance.now()) - 1; // the last slot that has a figure
  }
  add(now, n) {
    const slot = slotOf(now);
    this.counts.set(slot, (this.counts.at(slot) || 0) + n); // NaN is 0 too
    this.total += n;
  }
  // settle writes the figures up to now. They are unknown while the page is not
  // connected.
  settle(now, connected) {
    const last = slotOf(now) - 1;
    for (let slot = Math.max(this.done + 1, last - WINDOW); slot <= last; slot++) {
      let sum = 0;
      for (let s = slot - SECOND + 1; s <= slot; s++) sum += this.counts.at(s) || 0;
      this.series.set(slot, connected ? sum : NaN);
    }
    this.done = last;
  }
  get now() { return this.series.at(this.done); }
}

// Percentiles holds the newest samples of a quantity and tells the median and
// the 99th percentile of the last second's.
class Percentiles {
  constructor(most = 4096) {
    this.times = new Float64Array(most).fill(-Infinity);
    this.values = new Float64Array(most);
    this.next = 0;
    this.p50 = new Series();
    this.p99 = new Series();
  }
  add(now, value) {
    this.times[this.next] = now;
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.times.length;
  }
  // settle writes the figures up to now, those of the second before each slot's
  // end.
  settle(now) {
    const last = slotOf(now) - 1;
    for (let slot = Math.max(this.p50.newest + 1, last - WINDOW); slot <= last; slot++) {
      const end = (slot + 1) * SLOT;
      const second = this.values.filter((_, i) => this.times[i] > end - 1000 && this.times[i] <= end).sort();
      const rank = (p) => second.length ? second[Math.floor(p * second.length)] : NaN;
      this.p50.set(slot, rank(0.5));
      this.p99.set(slot, rank(0.99));
    }
  }
}
