"use strict";
// Unpacks what the program wrote into the page: blocks of rows (src/page/row_block.h), totals and run.json.

const kNoShare = 65535, kShareSteps = 65534, kNoLogOdds = -32768, kLogOddsSteps = 1000;
const kOutcomes = ["scored", "no_orf", "too_short", "failed"];
const kFrames = ["F1", "F2", "F3", "R1", "R2", "R3"];

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const logit = (p) => Math.log(p) - Math.log1p(-p);

async function inflated(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Reads varints of `bytes` from `at` on; `at` moves. */
class Varints {
  constructor(bytes, at = 0) { this.bytes = bytes; this.at = at; }
  next() {
    let value = 0, factor = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }
}

/** All listed records as columns; chunks stay in their blocks until a record is looked at. */
class Rows {
  constructor(count) {
    this.count = 0;
    this.ids = new Array(count);
    this.ordinals = new Float64Array(count);
    this.lengths = new Float64Array(count);
    for (const name of ["gc", "score", "mean", "max"]) this[name] = new Uint16Array(count);
    this.logOdds = new Int16Array(count);
    this.flags = new Uint8Array(count);
    for (const name of ["chunks", "scored", "viral", "frames", "block", "chunkAt", "scoredAt", "frameAt", "runAt"]) {
      this[name] = new Uint32Array(count);
    }
    this.blocks = [];
    this.regions = new Map();  // of the few records that have any
  }

  add(bytes) {
    const head = new DataView(bytes.buffer, bytes.byteOffset);
    const parts = [];
    for (let i = 0, at = 15 * 4; i < 15; at += head.getUint32(4 * i, true), i++) {
      parts.push(bytes.subarray(at, at + head.getUint32(4 * i, true)));
    }
    // A copy, since columns of 16 bits must begin at an even byte.
    const words = (part, type) => new type(part.slice().buffer);
    const [ids, ordinals, lengths] = parts;
    const names = new TextDecoder().decode(ids).split("\n");
    const many = names.length - 1, first = this.count;
    const ordinal = new Varints(ordinals), length = new Varints(lengths), counts = new Varints(parts[9]), regions = new Varints(parts[14]);
    this.gc.set(words(parts[3], Uint16Array), first);
    this.score.set(words(parts[4], Uint16Array), first);
    this.mean.set(words(parts[5], Uint16Array), first);
    this.max.set(words(parts[6], Uint16Array), first);
    this.logOdds.set(words(parts[7], Int16Array), first);
    this.flags.set(parts[8], first);
    const block = {
      kinds: parts[10], logOdds: parts[11].length ? words(parts[11], Int16Array) : null,
      scores: words(parts[12], Uint16Array), runs: parts[13],
    };
    let last = 0, chunkAt = 0, scoredAt = 0, frameAt = 0, runAt = 0;
    for (let i = first; i < first + many; i++) {
      this.ids[i] = names[i - first];
      this.ordinals[i] = last += ordinal.next();
      this.lengths[i] = length.next();
      for (const name of ["chunks", "scored", "viral", "frames"]) this[name][i] = counts.next();
      for (let left = regions.next(); left > 0; left--) {
        const start = regions.next(), end = start + regions.next(), value = regions.next() / kShareSteps;
        this.regions.set(i, [...this.regions.get(i) ?? [], { start, end, value }]);
      }
      this.block[i] = this.blocks.length;
      this.chunkAt[i] = chunkAt; this.scoredAt[i] = scoredAt; this.frameAt[i] = frameAt; this.runAt[i] = runAt;
      if (!this.hasTrack(i)) continue;
      for (const end = chunkAt + this.chunks[i]; chunkAt < end; chunkAt++) {
        const kind = block.kinds[chunkAt];
        if (kind & 128) continue;
        scoredAt++;
        for (let bits = kind & 63; bits; bits &= bits - 1) {
          frameAt++;
          if (kind & 64) for (let k = 0; k < 2; k++) { while (block.runs[runAt] > 127) runAt++; runAt++; }
        }
      }
    }
    this.blocks.push(block);
    this.count += many;
  }

  outcome(i) { return kOutcomes[this.flags[i] & 3]; }
  isViralByRun(i) { return (this.flags[i] & 4) !== 0; }
  hasTrack(i) { return (this.flags[i] & 8) !== 0; }
  isAnswered(i) { return this.score[i] !== kNoShare; }
}

const share = (value) => value === kNoShare ? NaN : value / kShareSteps;

/** The chunks of a record of `length` bases: their places follow from the rule of src/sequence/chunks.h. */
function chunkPlaces(length, expected) {
  const count = Math.ceil(length / expected);
  const rest = length % expected, surplus = rest === 0 ? 0 : expected - rest;
  const step = Math.floor(surplus / count), longer = surplus - step * (count - 1);
  return (index) => {
    const start = index * expected - (index * step + Math.min(index, longer));
    return [start, start + Math.min(expected, length - start)];
  };
}

/** Calls take(index, value from 0 to 1 or NaN, kind) for each chunk: what a small track shows. */
function eachChunkValue(rows, i, take) {
  const block = rows.blocks[rows.block[i]];
  let scored = rows.scoredAt[i], frame = rows.frameAt[i];
  for (let k = 0; k < rows.chunks[i]; k++) {
    const kind = block.kinds[rows.chunkAt[i] + k];
    if (kind & 128) { take(k, NaN, kind); continue; }
    let most = 0, least = 1;
    for (let bits = kind & 63; bits; bits &= bits - 1) {
      const p = block.scores[frame++] / kShareSteps;
      if (p > most) most = p;
      if (p < least) least = p;
    }
    // The chunk's score: its largest P(virus) against its largest P(others).
    const value = block.logOdds ? sigmoid(block.logOdds[scored] / kLogOddsSteps) : most / (most + 1 - least);
    scored++;
    take(k, value, kind);
  }
}

/** The chunks of a record with all that is known of them. */
function chunksOf(rows, i, expected) {
  const block = rows.blocks[rows.block[i]];
  const place = chunkPlaces(rows.lengths[i], expected);
  const runs = new Varints(block.runs, rows.runAt[i]);
  let frame = rows.frameAt[i];
  const chunks = [];
  eachChunkValue(rows, i, (index, value, kind) => {
    const [start, end] = place(index);
    const chunk = { index, start, end, value, isRun: !(kind & 128) && (kind & 64) !== 0, frames: [],
                    outcome: kind & 128 ? kOutcomes[kind & 3] : "scored" };
    for (let f = 0; f < 6 && !(kind & 128); f++) {
      if (!(kind >> f & 1)) continue;
      const p = block.scores[frame++] / kShareSteps;
      let from = start, to = end;
      if (chunk.isRun) { from = start + runs.next(); to = from + runs.next(); }
      chunk.frames.push({ frame: f, p, start: from, end: to });
    }
    chunks.push(chunk);
  });
  return chunks;
}

const dataText = (id) => JSON.parse(document.getElementById(id).textContent);

/** Lets the browser paint between blocks, so that a large page shows itself before it is read. */
async function readRows(count) {
  const rows = new Rows(count);
  for (const script of document.querySelectorAll("script.rows")) {
    rows.add(await inflated(script.textContent));
    script.remove();
  }
  return rows;
}
