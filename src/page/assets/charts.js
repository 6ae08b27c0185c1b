// The four charts: uPlot does scales, axes and bars; clouds of points are drawn into its plot.

const kHistogramBins = 40;
const kMostPoints = 3000;  // more are shown as a cloud of cells
const kValues = 40;        // cells of clouds, as in src/page/density.h
const kGcCells = 50;

/** The options that all plots share. */
function plotOptions(holder, axes, more = {}) {
  const c = theme.colours;
  const font = "12px " + getComputedStyle(document.body).fontFamily;
  const common = { stroke: c.muted, font, ticks: { stroke: c.line, width: 1, size: 5 }, grid: { stroke: c.soft, width: 1 }, labelFont: font, labelSize: 18, gap: 4 };
  return {
    width: Math.max(holder.clientWidth, 120), height: holder.clientHeight,
    legend: { show: false }, cursor: { show: false }, padding: [8, 18, 0, 0],
    ...more,
    axes: axes.map((axis, i) => ({ ...common, size: i ? 48 : 30, ...axis, grid: { ...common.grid, ...axis.grid } })),
  };
}

/** Keeps a plot as wide as its place; `make` builds it anew where colours have changed. */
class Plot {
  constructor(holder, make) {
    this.holder = holder;
    this.make = make;
    this.plot = null;
    this.rebuild();
    theme.listeners.push(() => this.rebuild());
    let width = holder.clientWidth;
    new ResizeObserver(() => {
      if (holder.clientWidth === width || !this.plot) return;
      width = holder.clientWidth;
      this.plot.setSize({ width: Math.max(width, 120), height: holder.clientHeight });
    }).observe(holder);
  }
  rebuild() {
    this.plot?.destroy();
    this.plot = this.make(this.holder);
    // What is drawn has its words in the caption and beside the chart.
    this.plot.root.setAttribute("role", "img");
    this.plot.root.setAttribute("aria-label", this.holder.dataset.label ?? "chart");
  }
}

const logCount = (n) => Math.log10(1 + n);

class Histogram {
  constructor(holder, calls, by, state) {
    this.calls = calls;
    this.by = by;
    this.state = state;  // .log
    this.scale = calls.scales[by];
    holder.classList.add("sets");
    holder.dataset.label = by === "score" ? "Histogram of scores" : "Histogram of calibrated probabilities";
    this.plot = new Plot(holder, (place) => this.build(place));
    holder.addEventListener("click", (event) => {
      const plot = this.plot.plot, box = plot.over.getBoundingClientRect();
      const x = Math.min(Math.max(plot.posToVal(event.clientX - box.left, "x"), 1e-4), 1 - 1e-4);
      if (calls.by !== by) calls.setBy(by);
      calls.set(this.scale.binOf(this.scale.shift === null ? x : logit(x) - this.scale.shift));
    });
  }
  /** Counts of all and of viral records. */
  data() {
    const all = new Array(kHistogramBins).fill(0), viral = new Array(kHistogramBins).fill(0);
    const isActive = this.calls.by === this.by, from = this.calls.bin ?? 0;
    const isNone = this.calls.bin === null && this.calls.own.log_odds === null && this.calls.ownBy === "probability";
    for (const [bin, [records]] of this.scale.bins) {
      const value = this.scale.valueAt(bin + 0.5);
      const at = Math.min(Math.max(Math.floor(value * kHistogramBins), 0), kHistogramBins - 1);
      all[at] += records;
      if (isActive && bin >= from && !isNone) viral[at] += records;
    }
    const x = all.map((_, i) => (i + 0.5) / kHistogramBins);
    const y = this.state.log ? logCount : (n) => n;
    return [x, all.map(y), viral.map(y)];
  }
  build(holder) {
    const c = theme.colours, isLog = this.state.log;
    const bars = uPlot.paths.bars({ size: [0.9, Infinity], align: 0 });
    const yAxis = { size: 52, values: (_, splits) => splits.map((v) => v === null ? "" : isLog ? number(Math.round(10 ** v - 1)) : v % 1 ? "" : shortNumber(v)) };
    if (isLog) {
      yAxis.splits = (u) => {
        const most = u.scales.y.max, ticks = [0];
        for (let n = 1; logCount(n) <= most; n *= 10) ticks.push(logCount(n));
        return ticks;
      };
      yAxis.values = (_, splits) => splits.map((v) => shortNumber(Math.round(10 ** v - 1)));
    }
    return new uPlot(plotOptions(holder, [{ values: (_, splits) => splits.map((v) => v.toFixed(1)) }, yAxis], {
      scales: { x: { time: false, range: [0, 1] }, y: { range: (u, low, high) => [0, Math.max(high * 1.06, isLog ? 0.4 : 1)] } },
      series: [{}, { paths: bars, fill: c.others, stroke: c.others, width: 0, points: { show: false } },
               { paths: bars, fill: c.viral, stroke: c.viral, width: 0, points: { show: false } }],
      hooks: { draw: [(u) => this.drawThreshold(u)] },
    }), this.data(), holder);
  }
  drawThreshold(u) {
    if (this.calls.by !== this.by) return;
    const x = u.valToPos(this.calls.threshold(), "x", true);
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = theme.colours.ink;
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }
  update() { this.plot.plot.setData(this.data()); }
}

/** 1200 -> 1.2k: for axes. */
function shortNumber(n) {
  for (const [letter, size] of [["M", 1e6], ["k", 1e3]]) {
    if (n >= size) return `${+(n / size).toPrecision(3)}${letter}`;
  }
  return number(n);
}

/** Length or GC against what calls follow: points, or cells with counts where there are too many. */
class Cloud {
  constructor(holder, calls, rows, totals, which, choose) {
    Object.assign(this, { calls, rows, which, choose });
    this.by = totals.density.by;
    this.cells = totals.density[which];
    this.hasPoints = totals.records.selection === "all" && rows.count <= kMostPoints;
    holder.dataset.label = which === "length" ? "Length of records against their probability" : "GC content of records against their probability";
    this.range = this.extent();
    this.plot = new Plot(holder, (place) => this.build(place));
    if (this.hasPoints) this.watch(holder);
  }
  x(i) { return this.which === "length" ? Math.max(this.rows.lengths[i], 1) : 100 * share(this.rows.gc[i]); }
  y(i) { return this.by === "probability" ? this.calls.probability(i) : share(this.rows.score[i]); }
  extent() {
    if (this.which === "gc") return [0, 100];
    let low = Infinity, high = 0;
    if (this.hasPoints) {
      for (let i = 0; i < this.rows.count; i++) { low = Math.min(low, this.x(i)); high = Math.max(high, this.x(i)); }
    } else {
      for (let k = 0; k < this.cells.length; k += 2) {
        const at = Math.floor(this.cells[k] / kValues);
        low = Math.min(low, 2 ** (at / 4)); high = Math.max(high, 2 ** ((at + 1) / 4));
      }
    }
    if (high === 0) return [100, 10000];
    // At least a decade, so that there are ticks.
    const spread = Math.max(Math.sqrt(10 * low / high), 1.25);
    return [Math.max(low / spread, 1), high * spread];
  }
  build(holder) {
    const isLength = this.which === "length", [low, high] = this.range;
    const xAxis = isLength
      ? { splits: () => decades(low, high), filter: (_, splits) => splits, values: (_, splits) => splits.map((v) => v === null ? "" : v >= 1e6 ? `${+(v / 1e6).toPrecision(2)} Mb` : v >= 1000 ? `${+(v / 1000).toPrecision(2)} kb` : `${v} b`) }
      : { values: (_, splits) => splits.map((v) => `${v} %`) };
    return new uPlot(plotOptions(holder, [xAxis, { values: (_, splits) => splits.map((v) => v.toFixed(1)), splits: () => [0, 0.2, 0.4, 0.6, 0.8, 1] }], {
      scales: { x: { time: false, distr: isLength ? 3 : 1, range: () => [low, high] }, y: { range: () => [-0.02, 1.02] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [(u) => this.draw(u)] },
    }), [[low, high], [null, null]], holder);
  }
  draw(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (this.hasPoints) this.drawPoints(u); else this.drawCells(u);
    ctx.globalAlpha = 1;
    if (this.calls.by === this.by) {
      const y = u.valToPos(this.calls.threshold(), "y", true);
      ctx.strokeStyle = theme.colours.ink;
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
    }
    ctx.restore();
  }
  drawPoints(u) {
    const { ctx } = u, size = devicePixelRatio * (this.rows.count > 500 ? 2.2 : 3.6);
    ctx.globalAlpha = this.rows.count > 500 ? 0.65 : 0.85;
    // Viral ones last, as diamonds: they are few, and colour is not all that tells them.
    for (const wanted of [false, true]) {
      ctx.fillStyle = wanted ? theme.colours.viral : theme.colours.others;
      ctx.beginPath();
      for (let i = 0; i < this.rows.count; i++) {
        const y = this.y(i), at = this.x(i);
        if (Number.isNaN(y) || Number.isNaN(at) || this.calls.isViral(i) !== wanted) continue;
        const px = u.valToPos(at, "x", true), py = u.valToPos(y, "y", true);
        if (wanted) {
          const r = size * 1.35;
          ctx.moveTo(px, py - r); ctx.lineTo(px + r, py); ctx.lineTo(px, py + r); ctx.lineTo(px - r, py); ctx.closePath();
        } else { ctx.moveTo(px + size, py); ctx.arc(px, py, size, 0, 7); }
      }
      ctx.fill();
    }
  }
  drawCells(u) {
    const { ctx } = u;
    let most = 1;
    for (let k = 1; k < this.cells.length; k += 2) most = Math.max(most, this.cells[k]);
    const isActive = this.calls.by === this.by, threshold = this.calls.threshold();
    for (let k = 0; k < this.cells.length; k += 2) {
      const x = Math.floor(this.cells[k] / kValues), y = this.cells[k] % kValues;
      const [from, to] = this.which === "length" ? [2 ** (x / 4), 2 ** ((x + 1) / 4)] : [x * 100 / kGcCells, (x + 1) * 100 / kGcCells];
      const left = u.valToPos(from, "x", true), right = u.valToPos(to, "x", true);
      const top = u.valToPos((y + 1) / kValues, "y", true), bottom = u.valToPos(y / kValues, "y", true);
      ctx.globalAlpha = 0.15 + 0.85 * logCount(this.cells[k + 1]) / logCount(most);
      ctx.fillStyle = isActive && (y + 0.5) / kValues >= threshold ? theme.colours.viral : theme.colours.others;
      ctx.fillRect(left, top, Math.max(right - left - 0.5, 1), Math.max(bottom - top - 0.5, 1));
    }
  }
  watch(holder) {
    const nearest = (event) => {
      const u = this.plot.plot, box = u.over.getBoundingClientRect();
      const mx = event.clientX - box.left, my = event.clientY - box.top;
      let best = -1, least = 14 ** 2;
      for (let i = 0; i < this.rows.count; i++) {
        const y = this.y(i), x = this.x(i);
        if (Number.isNaN(y) || Number.isNaN(x)) continue;
        const d = (u.valToPos(x, "x") - mx) ** 2 + (u.valToPos(y, "y") - my) ** 2;
        if (d < least) { least = d; best = i; }
      }
      return best;
    };
    const note = holder.parentElement.querySelector("figcaption span"), usual = () => note.dataset.usual ?? "";
    holder.addEventListener("pointermove", (event) => {
      const i = nearest(event);
      holder.style.cursor = i < 0 ? "" : "pointer";
      note.textContent = i < 0 ? usual() : `${short(this.rows.ids[i], 36)} · ${bases(this.rows.lengths[i])} · ${probability(this.y(i))}`;
    });
    holder.addEventListener("pointerleave", () => { note.textContent = usual(); });
    holder.addEventListener("click", (event) => { const i = nearest(event); if (i >= 0) this.choose(i); });
  }
  update() { this.plot.plot.redraw(false); }
}

function decades(low, high) {
  const all = [];
  for (let n = 1; n <= high; n *= 10) for (const k of [1, 2, 5]) if (n * k >= low && n * k <= high) all.push(n * k);
  const strong = all.filter((v) => Number.isInteger(Math.log10(v)) );
  return all.length > 7 && strong.length > 1 ? strong : all;
}
