// The track of one record: its chunks at their coordinates, coloured and raised by probability, and its six frames below.

const kLaneShare = 0.13;  // of the height of a probability of 1, for one of the six frames
const kLanesTop = -0.08;
const kLowest = kLanesTop - 6 * kLaneShare - 0.02;

class Track {
  constructor(rows, calls, expected) {
    Object.assign(this, { rows, calls, expected });
    this.holder = byId("track");
    this.plot = null;
    this.record = -1;
    this.chunks = [];
    this.focus = -1;
    theme.listeners.push(() => { if (this.record >= 0) this.build(); });
    new ResizeObserver(() => this.plot?.setSize({ width: Math.max(this.holder.clientWidth, 120), height: this.holder.clientHeight })).observe(this.holder);
    this.holder.addEventListener("keydown", (event) => this.key(event));
    this.holder.addEventListener("pointermove", (event) => {
      if (!this.plot) return;
      const x = this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x");
      const at = this.chunkAt(x);
      if (at >= 0 && at !== this.focus) this.setFocus(at, false);
    });
    byId("track-tools").addEventListener("click", (event) => {
      const zoom = event.target.dataset?.zoom;
      if (zoom) this.zoom(zoom);
    });
  }

  show(record) {
    this.record = record;
    const { rows } = this, has = rows.hasTrack(record) && rows.chunks[record] > 0;
    this.chunks = has ? chunksOf(rows, record, this.expected) : [];
    this.focus = -1;
    byId("track-tools").hidden = !has;
    byId("track-key").hidden = !has;
    byId("chunk").textContent = has ? "Point at a chunk, or press the arrow keys, to see its frames."
      : rows.chunks[record] === 0 ? "The record has no chunk." : "Its chunks are not in this page, which would be too large; predictions.tsv has them.";
    if (has) return this.build();
    this.plot?.destroy();
    this.plot = null;
  }

  build() {
    this.plot?.destroy();
    const length = this.rows.lengths[this.record];
    this.holder.style.removeProperty("display");
    const lanes = kFrames.map((_, f) => kLanesTop - (f + 0.5) * kLaneShare);
    this.plot = new uPlot(plotOptions(this.holder, [
      { values: (_, splits) => splits.map((v) => v === null ? "" : v >= 1e6 ? `${+(v / 1e6).toFixed(4)} Mb` : v >= 1e4 ? `${+(v / 1e3).toFixed(3)} kb` : number(v)), space: 70 },
      { splits: () => [...lanes.slice().reverse(), 0, 0.5, 1], values: (_, splits) => splits.map((v) => v < 0 ? kFrames[lanes.findIndex((lane) => Math.abs(lane - v) < 1e-6)] : v.toFixed(1)), size: 38, font: "10px " + getComputedStyle(document.body).fontFamily, space: 8,
        grid: { filter: (_, splits) => splits.map((v) => v < 0 ? null : v) }, ticks: { show: false } },
    ], {
      scales: { x: { time: false, min: 0, max: length }, y: { range: () => [kLowest, 1.2] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: { show: true, x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: true } },
      hooks: { draw: [(u) => this.draw(u)], setScale: [(u, key) => { if (key === "x") this.tellRange(); }] },
    }), [[0, length], [null, null]], this.holder);
    this.tellRange();
  }

  tellRange() {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x, length = this.rows.lengths[this.record];
    byId("track-range").textContent = min <= 0 && max >= length ? "Drag over a stretch to zoom in." : `${number(Math.max(Math.floor(min) + 1, 1))} to ${number(Math.min(Math.ceil(max), length))}`;
  }

  draw(u) {
    const { ctx, bbox } = u, c = theme.colours, ratio = devicePixelRatio;
    const x = (v) => u.valToPos(v, "x", true), y = (v) => u.valToPos(v, "y", true);
    const zero = y(0), lane = y(0) - y(kLaneShare), { min, max } = u.scales.x;
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    for (let f = 0; f < 6; f++) {
      ctx.fillStyle = c.soft;
      ctx.fillRect(bbox.left, y(kLanesTop - f * kLaneShare) + 1, bbox.width, lane - 2);
    }
    for (const region of this.rows.regions.get(this.record) ?? []) {
      const left = x(region.start), width = Math.max(x(region.end) - left, 2 * ratio);
      ctx.fillStyle = c.viral;
      ctx.fillRect(left, y(1.15), width, 5 * ratio);
      ctx.globalAlpha = 0.1;
      ctx.fillRect(left, y(1.15), width, zero - y(1.15));
      ctx.globalAlpha = 1;
    }
    const gaps = [];
    for (const chunk of this.chunks) {
      if (chunk.end < min || chunk.start > max) continue;
      // Chunks overlap a little; the seam shows where the next begins.
      const left = x(chunk.start), width = Math.max(x(chunk.end) - left - (x(chunk.end) - left > 4 * ratio ? ratio : 0), ratio * 0.75);
      if (chunk.outcome === "failed") {
        ctx.fillStyle = c.failed;
        ctx.fillRect(left, y(0.5), width, zero - y(0.5));
        continue;
      }
      if (chunk.outcome !== "scored") {
        gaps.push([left, y(0.5), width, zero - y(0.5)]);
        continue;
      }
      ctx.fillStyle = theme.of(chunk.value);
      ctx.fillRect(left, y(chunk.value), width, Math.max(zero - y(chunk.value), 2 * ratio));
      for (const frame of chunk.frames) {
        const from = x(frame.start);
        ctx.fillStyle = theme.of(frame.p);
        ctx.fillRect(from, y(kLanesTop - frame.frame * kLaneShare) + 1.5, Math.max(x(frame.end) - from - (width > 4 * ratio ? ratio : 0), ratio * 0.75), lane - 3);
      }
    }
    stripe(ctx, gaps, c.none, ratio, bbox);
    ctx.strokeStyle = c.muted;
    ctx.lineWidth = ratio;
    ctx.beginPath(); ctx.moveTo(bbox.left, zero); ctx.lineTo(bbox.left + bbox.width, zero); ctx.stroke();
    const chunk = this.chunks[this.focus];
    if (chunk) {
      ctx.strokeStyle = c.ink;
      ctx.lineWidth = 1.5 * ratio;
      ctx.strokeRect(x(chunk.start), y(1), Math.max(x(chunk.end) - x(chunk.start), 2 * ratio), y(kLowest) - y(1));
    }
    ctx.restore();
  }

  chunkAt(position) {
    for (let low = 0, high = this.chunks.length - 1; low <= high;) {
      const mid = (low + high) >> 1, chunk = this.chunks[mid];
      if (position < chunk.start) high = mid - 1; else if (position >= chunk.end) low = mid + 1; else return mid;
    }
    return -1;
  }

  setFocus(at, bring) {
    if (!this.chunks.length) return;
    this.focus = Math.min(Math.max(at, 0), this.chunks.length - 1);
    const chunk = this.chunks[this.focus], out = byId("chunk");
    out.replaceChildren(element("b", { text: `Chunk ${number(chunk.index + 1)}` }), ` · bases ${number(chunk.start + 1)} to ${number(chunk.end)} · `);
    if (chunk.outcome === "scored") {
      out.append(`${this.calls.isCalibrated ? "probability" : "score"} `, element("b", { text: probability(chunk.value) }), " ");
      const texts = chunk.frames.map((f) => `${kFrames[f.frame]} ${f.p.toFixed(3)}${chunk.isRun ? ` (${number(f.start + 1)} to ${number(f.end)})` : ""}`);
      out.append(element("span", { class: "frames", text: `· ${chunk.isRun ? "no open frame; longest stop-free run" : "open frames"}: ${texts.join(", ")}` }));
    } else {
      out.append({ no_orf: "no open frame, so no answer", too_short: "too short", failed: "could not be computed" }[chunk.outcome]);
    }
    if (bring && this.plot) {
      const { min, max } = this.plot.scales.x;
      if (chunk.start < min || chunk.end > max) {
        const half = (max - min) / 2, middle = (chunk.start + chunk.end) / 2;
        this.setRange(middle - half, middle + half);
      }
    }
    this.plot?.redraw(false);
  }

  setRange(from, to) {
    const length = this.rows.lengths[this.record], width = Math.min(Math.max(to - from, this.expected), length);
    const start = Math.min(Math.max((from + to) / 2 - width / 2, 0), length - width);
    this.plot.setScale("x", { min: start, max: start + width });
  }

  zoom(how) {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x, chunk = this.chunks[this.focus];
    const middle = chunk && chunk.start >= min && chunk.end <= max ? (chunk.start + chunk.end) / 2 : (min + max) / 2;
    if (how === "all") return this.setRange(0, this.rows.lengths[this.record]);
    const half = (max - min) / 2 * (how === "in" ? 0.5 : 2);
    this.setRange(middle - half, middle + half);
  }

  key(event) {
    const moves = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 };
    if (event.key in moves) this.setFocus(this.focus < 0 ? 0 : this.focus + moves[event.key], true);
    else if (event.key === "Home") this.setFocus(0, true);
    else if (event.key === "End") this.setFocus(this.chunks.length - 1, true);
    else if (event.key === "+" || event.key === "=") this.zoom("in");
    else if (event.key === "-") this.zoom("out");
    else if (event.key === "0") this.zoom("all");
    else if (event.key === "Escape") byId("grid").focus();
    else return;
    event.preventDefault();
  }
}

/** Thin stripes in the rectangles [left, top, width, height]: no colour of a probability, also in black and white. */
function stripe(ctx, rectangles, colour, ratio, box) {
  if (!rectangles.length) return;
  ctx.save();
  ctx.beginPath();
  for (const rectangle of rectangles) ctx.rect(...rectangle);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let x = box.left - box.height; x < box.left + box.width; x += 6 * ratio) {
    ctx.moveTo(x, box.top + box.height);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** A record's track in a row of the table. */
function drawSmallTrack(canvas, rows, i, expected, width) {
  const ratio = devicePixelRatio, height = 16;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d"), length = rows.lengths[i];
  if (!rows.hasTrack(i) || !length) return;
  const place = chunkPlaces(length, expected), scale = canvas.width / length;
  eachChunkValue(rows, i, (index, value, kind) => {
    const [start, end] = place(index), left = start * scale, wide = Math.max((end - start) * scale, 1);
    if (kind & 128) {
      ctx.fillStyle = (kind & 3) === 3 ? theme.colours.failed : theme.colours.short;
      ctx.fillRect(left, canvas.height * 0.42, wide, canvas.height * 0.16);
    } else {
      ctx.fillStyle = theme.of(value);
      ctx.fillRect(left, 0, wide, canvas.height);
    }
  });
}
