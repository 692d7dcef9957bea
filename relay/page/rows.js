// The messages on the page: a fixed number of rows, used again and again, the
// newest first. The list holds still while somebody reads in it.

const ROWS = 100;          // on the page
const SHOWN_A_SECOND = 60; // new rows, at most; the rest is counted only
const STEP = 50;           // ms between two moves of the list, which repaints as a whole
const CALM_STEP = 500;     // ms, if the system asks for less motion

class Rows {
  // copied(button, text) puts a text on the clipboard.
  constructor(list, template, copied) {
    Object.assign(this, { list, template, copied, rows: [], queue: [], budget: SHOWN_A_SECOND, toppedUp: performance.now(), pointed: false, scrolled: false, open: 0, held: "" });
    list.addEventListener("pointerover", (e) => { this.pointed = e.pointerType === "mouse" && e.target !== list; });
    list.addEventListener("pointerleave", () => { this.pointed = false; });
    list.addEventListener("scroll", () => { this.scrolled = list.scrollTop > 4; }, { passive: true });
  }

  // reading says why the list should hold still, or nothing.
  reading() {
    if (this.open) return "a message is open";
    if (this.scrolled) return "you are scrolled down";
    if (this.pointed) return "you point at it";
    const focused = document.activeElement;
    return focused !== this.list && this.list.contains(focused) && focused.matches(":focus-visible") ? "you are in it" : "";
  }

  // offer queues a message for the next frame; the oldest makes room.
  offer(message) {
    message.keep();
    if (this.queue.length >= SHOWN_A_SECOND) this.queue.shift();
    this.queue.push(message);
  }

  // flush puts the newest queued messages on the page, within the budget, and
  // returns how many. Nobody sees those that are left. It also looks whether
  // the list is held from now on. calm asks for less motion.
  flush(now, calm) {
    this.held = this.reading();
    if (now - this.toppedUp < (calm ? CALM_STEP : STEP)) return 0;
    this.budget = Math.min(SHOWN_A_SECOND, this.budget + (now - this.toppedUp) * SHOWN_A_SECOND / 1000);
    this.toppedUp = now;
    const n = Math.min(this.queue.length, Math.floor(this.budget));
    if (n > 0) {
      this.budget -= n;
      this.list.prepend(...this.queue.slice(-n).reverse().map((m) => this.fill(m)));
    }
    this.queue.length = 0;
    return n;
  }

  drop() { this.queue.length = 0; }

  // fill returns an element that shows the message: a new one, or the oldest.
  fill(message) {
    const row = this.rows.length < ROWS ? new Row(this) : this.rows.shift();
    this.rows.push(row);
    row.show(message);
    row.element.hidden = false;
    return row.element;
  }

  // filter hides what does not match.
  filter(pattern) {
    for (const row of this.rows) {
      row.element.hidden = !row.message.matches(pattern);
      if (row.element.hidden && row.whole) row.toggle(); // or it would hold the list unseen
    }
    this.list.scrollTop = 0;
  }

  get empty() { return this.rows.every((row) => row.element.hidden); }

  clear() {
    this.queue.length = this.rows.length = this.open = 0;
    this.list.replaceChildren();
    this.list.scrollTop = 0;
    this.scrolled = false;
  }
}

// Row is one line of the list. Its message changes while it is used again.
class Row {
  constructor(rows) {
    this.rows = rows;
    this.element = rows.template.content.firstElementChild.cloneNode(true);
    [this.expand, this.time, this.text, this.size, this.take] = this.element.children;
    this.expand.onclick = () => this.toggle();
    this.take.onclick = () => rows.copied(this.take, this.message.copy());
  }

  show(message) {
    if (this.whole) this.toggle();
    this.message = message;
    this.time.textContent = clock(message.at);
    this.size.textContent = sizeText(message.size);
    this.size.title = message.cut ? `Only the first ${sizeText(KEPT)} are held here` : message.binary ? "Binary, in hexadecimal" : "";
    paint(this.text, message, false);
  }

  toggle() {
    this.whole = !this.whole;
    this.rows.open += this.whole ? 1 : -1;
    this.element.classList.toggle("whole", this.whole);
    this.expand.setAttribute("aria-expanded", this.whole);
    paint(this.text, this.message, this.whole);
  }
}
