// A chart of the last two minutes on a canvas: areas and lines that move to the
// left, an axis of round numbers. Where nothing is known the line is broken.

const RIGHT = 8, BOTTOM = 18, TOP = 8; // margins, CSS pixels

class Chart {
  // lines are {series, colour, fill}; label turns a value of the axis into text.
  constructor(canvas, lines, label, least) {
    Object.assign(this, { canvas, lines, label, least, top: least, width: 0, height: 0 });
    this.pen = canvas.getContext("2d");
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  // fit takes the size of the element; it is told of changes, and never asks
  // for the layout while drawing.
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    Object.assign(this, { width, height });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  // draw paints the window that ends now. colours are the theme's; still moves
  // nothing between slots and scales at once.
  draw(now, colours, still) {
    if (this.width < 1) return;
    const ticks = this.scale(still), left = this.axis(ticks, colours), pen = this.pen;
    const end = still ? Math.floor(now / SLOT) : now / SLOT;
    const across = this.width - RIGHT - left, down = this.height - TOP - BOTTOM;
    const x = (slot) => left + across * (1 - (end - 2 - slot) / (WINDOW - 4));
    const y = (value) => TOP + down * (1 - Math.min(Math.max(value, 0), this.top) / this.top);
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, across, this.height);
    pen.clip();
    for (const line of this.lines) this.trace(line, Math.floor(end), x, y, colours[line.colour]);
    pen.restore();
  }

  // scale finds the axis' round numbers and eases towards them.
  scale(still) {
    const peak = Math.max(this.least, ...this.lines.map((l) => l.series.peak() || 0));
    const step = roundUp(peak / 2);
    const goal = step * 2;
    this.top = still || Math.abs(goal - this.top) < goal / 200 ? goal : this.top + (goal - this.top) / 4;
    return [0, step, goal];
  }

  // axis draws the grid and returns where the plot begins.
  axis(ticks, colours) {
    const { pen, width, height } = this, down = height - TOP - BOTTOM;
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${colours.font}`;
    pen.fillStyle = colours.muted;
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    const labels = ticks.map(this.label);
    const left = Math.ceil(Math.max(...labels.map((l) => pen.measureText(l).width))) + 8;
    ticks.forEach((tick, i) => {
      const y = Math.round(TOP + down * (1 - Math.min(tick / this.top, 1.2))) + 0.5;
      if (y < 0) return;
      pen.beginPath();
      pen.moveTo(left, y);
      pen.lineTo(width - RIGHT, y);
      pen.stroke();
      pen.textAlign = "right";
      pen.textBaseline = "middle";
      pen.fillText(labels[i], left - 8, y);
    });
    pen.textBaseline = "alphabetic";
    for (const [share, text, align] of [[0, "2 min ago", "left"], [0.5, "1 min", "center"], [1, "now", "right"]]) {
      pen.textAlign = align;
      pen.fillText(text, left + (width - RIGHT - left) * share, height - 3);
    }
    return left;
  }

  // trace draws one line and the area below it, piece by piece.
  trace({ series, fill }, end, x, y, colour) {
    let piece = [];
    const finish = () => {
      if (piece.length > 1) this.stroke(piece, fill, y(0), colour);
      piece = [];
    };
    for (let slot = end - WINDOW - 2; slot < end; slot++) {
      const v = series.at(slot);
      if (Number.isNaN(v)) finish();
      else piece.push([x(slot), y(v)]);
    }
    finish();
  }

  stroke(points, fill, ground, colour) {
    const pen = this.pen;
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.strokeStyle = colour;
    pen.lineWidth = fill ? 1.6 : 1.2;
    pen.lineJoin = "round";
    pen.stroke();
    if (!fill) return;
    pen.lineTo(points.at(-1)[0], ground);
    pen.lineTo(points[0][0], ground);
    const shade = pen.createLinearGradient(0, TOP, 0, ground);
    shade.addColorStop(0, colour);
    shade.addColorStop(1, `${colour}00`); // the theme's colours are #rrggbb
    pen.globalAlpha = 0.3;
    pen.fillStyle = shade;
    pen.fill();
    pen.globalAlpha = 1;
  }
}

// roundUp is the next number of one or two short digits.
function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 1.5, 2, 2.5, 3, 4, 5, 7.5].find((n) => n * unit >= value * 0.9999) ?? 10);
}
