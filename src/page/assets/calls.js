// What is viral at the threshold of the slider, and how many that are. Counting is looking up: the sums are made once.

class Scale {
  /** `json`: bins of all records. `rowBins`: of the listed ones, which count where they are all. */
  constructor(json, rowBins, rows, isWhole, shift) {
    this.anchor = json.anchor;
    this.perOne = json.per_one;
    this.shift = shift;  // log odds that the prevalence adds; null: a scale of scores
    this.rowBins = rowBins;
    const bins = new Map();
    const add = (bin, records, length) => {
      const sum = bins.get(bin) ?? [0, 0];
      bins.set(bin, [sum[0] + records, sum[1] + length]);
    };
    if (isWhole) {
      for (let i = 0; i < rows.count; i++) if (rows.isAnswered(i)) add(rowBins[i], 1, rows.lengths[i]);
    } else {
      for (const [bin, records, length] of json.bins) add(bin, records, length);
    }
    this.bins = [...bins.entries()].sort((a, b) => a[0] - b[0]);
    const ends = shift === null ? [this.binOf(0.001), this.binOf(0.999)] : [this.binOf(logit(0.001) - shift), this.binOf(logit(0.9999) - shift)];
    this.least = Math.min(ends[0], -1);
    this.most = Math.max(ends[1], 1);
    // From each bin of the slider on.
    const size = this.most - this.least + 2;
    this.recordsFrom = new Float64Array(size);
    this.basesFrom = new Float64Array(size);
    for (const [bin, [records, length]] of this.bins) {
      const at = Math.min(Math.max(bin - this.least + 1, 0), size - 1);
      this.recordsFrom[at] += records;
      this.basesFrom[at] += length;
    }
    for (let at = size - 2; at >= 0; at--) {
      this.recordsFrom[at] += this.recordsFrom[at + 1];
      this.basesFrom[at] += this.basesFrom[at + 1];
    }
    this.wrongFrom = null;
  }
  binOf(value) { return Math.floor((value - this.anchor) * this.perOne + 1e-9); }
  /** The value at which a bin begins, as users know it. */
  valueAt(bin) {
    const value = this.anchor + bin / this.perOne;
    return this.shift === null ? value : sigmoid(value + this.shift);
  }
  at(bin) { return bin - this.least + 1; }
  /** Sums of 1 - p, with p at a prevalence whose log odds are `wrongShift`. */
  expectWrong(wrongShift, rows, isWhole) {
    const sums = new Float64Array(this.recordsFrom.length);
    const put = (bin, wrong) => { sums[Math.min(Math.max(this.at(bin), 0), sums.length - 1)] += wrong; };
    if (isWhole) {
      for (let i = 0; i < rows.count; i++) {
        if (rows.isAnswered(i)) put(this.rowBins[i], sigmoid(-(rows.logOdds[i] / kLogOddsSteps + wrongShift)));
      }
    } else if (this.shift !== null) {
      for (const [bin, [records]] of this.bins) put(bin, records * sigmoid(-(this.anchor + (bin + 0.5) / this.perOne + wrongShift)));
    } else {
      return;  // the joint distribution of both scales is not in the page
    }
    for (let at = sums.length - 2; at >= 0; at--) sums[at] += sums[at + 1];
    this.wrongFrom = sums;
  }
}

class Calls {
  constructor(totals, rows) {
    const calls = totals.calls;
    this.own = calls;
    this.ownBy = calls.by;
    this.by = calls.by;
    this.isCalibrated = calls.prevalence !== undefined;
    this.viralBases = totals.bases.viral;
    this.answered = totals.scales.score.bins.reduce((sum, [, records]) => sum + records, 0);
    this.rows = rows;
    this.bin = null;  // of the slider; null: the run's own rule
    this.listeners = [];
    const isWhole = totals.records.selection === "all";
    const shift = this.isCalibrated ? logit(calls.prevalence) : null;
    this.shift = shift;
    this.scales = {};
    this.scales.score = new Scale(totals.scales.score, this.binsOf("score", totals), rows, isWhole, null);
    if (this.isCalibrated) {
      this.scales.probability = new Scale(totals.scales.probability, this.binsOf("probability", totals), rows, isWhole, shift);
      const wrongShift = calls.estimated_prevalence === undefined ? shift : logit(calls.estimated_prevalence);
      if (!calls.vague_prevalence) for (const scale of Object.values(this.scales)) scale.expectWrong(wrongShift, rows, isWhole);
    }
  }
  /** The bins of the listed records; those of the run's own scale agree with its calls. */
  binsOf(by, totals) {
    const rows = this.rows, bins = new Int32Array(rows.count);
    const { anchor, per_one } = totals.scales[by];
    const isOwn = by === this.ownBy && (by === "score" || this.own.log_odds !== null);
    for (let i = 0; i < rows.count; i++) {
      const value = by === "score" ? share(rows.score[i]) : rows.logOdds[i] / kLogOddsSteps;
      let bin = Math.floor((value - anchor) * per_one + 1e-9);
      if (isOwn) bin = rows.isViralByRun(i) ? Math.max(bin, 0) : Math.min(bin, -1);
      bins[i] = bin;
    }
    return bins;
  }
  get scale() { return this.scales[this.by]; }
  isViral(i) {
    if (this.bin === null) return this.rows.isViralByRun(i);
    return this.rows.isAnswered(i) && this.scale.rowBins[i] >= this.bin;
  }
  /** Records, bases and expected false ones among them; NaN where that is unknown. */
  counts() {
    const at = this.scale.at(this.bin ?? 0);
    const wrong = this.scale.wrongFrom ? this.scale.wrongFrom[at] : NaN;
    if (this.bin !== null) return { records: this.scale.recordsFrom[at], bases: this.scale.basesFrom[at], wrong };
    return { records: this.own.viral, bases: this.viralBases, wrong: this.own.expected_wrong ?? NaN };
  }
  threshold() { return this.scale.valueAt(this.bin ?? 0); }
  /** What a record is judged by on the present scale, from 0 to 1. */
  value(i) {
    if (!this.rows.isAnswered(i)) return NaN;
    return this.by === "score" ? share(this.rows.score[i]) : sigmoid(this.rows.logOdds[i] / kLogOddsSteps + this.shift);
  }
  probability(i) {
    return this.isCalibrated && this.rows.isAnswered(i) ? sigmoid(this.rows.logOdds[i] / kLogOddsSteps + this.shift) : NaN;
  }
  set(bin) {
    this.bin = bin === null ? null : Math.min(Math.max(bin, this.scale.least), this.scale.most);
    this.tell();
  }
  setBy(by) { this.by = by; this.bin = by === this.ownBy ? null : 0; this.tell(); }
  tell() { for (const listener of this.listeners) listener(); }
}
