// The table of records: only the rows in sight exist, so that 100,000 records sort, filter and scroll at once.

const kRowHeight = 36;

/** 0, 1, 2 ... */
function naturalOrder(count) {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

/** Stable order of rows by a key of 32 bits: two passes of counting instead of comparing. */
function radixOrder(keys, order) {
  let from = order, to = new Uint32Array(order.length);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65537);
    for (let i = 0; i < from.length; i++) starts[(keys[from[i]] >>> shift & 65535) + 1]++;
    for (let k = 0; k < 65536; k++) starts[k + 1] += starts[k];
    for (let i = 0; i < from.length; i++) to[starts[keys[from[i]] >>> shift & 65535]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

const kLastKey = 0xffffffff;

/** Turns floats into keys of 32 bits that order as they do; NaN last. */
function floatKeys(floats) {
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) {
    if (Number.isNaN(floats[i])) bits[i] = kLastKey;
    else bits[i] = bits[i] & 0x80000000 ? ~bits[i] : bits[i] | 0x80000000;
  }
  return bits;
}

/** The reverse order; what is last stays so. */
function descending(keys) {
  const reverse = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) reverse[i] = keys[i] === kLastKey ? kLastKey : ~keys[i];
  return reverse;
}

class Table {
  constructor(rows, calls, totals, expected, choose) {
    Object.assign(this, { rows, calls, expected, choose });
    this.holder = byId("grid");
    this.ticked = new Uint8Array(rows.count);
    this.tickedCount = 0;
    this.filter = { text: "", call: "", minLength: 0, minValue: 0 };
    this.sorting = { key: null, isDescending: false };
    this.order = naturalOrder(rows.count);
    this.view = this.order;
    this.chosen = -1;  // a place in the view
    this.pool = [];
    this.columns = this.allColumns();
    this.idRanks = null;
    this.head = element("div", { class: "grid-head", role: "rowgroup" });
    this.body = element("div", { class: "grid-body", role: "rowgroup" });
    this.holder.append(this.head, this.body);
    this.holder.addEventListener("scroll", () => this.renderSoon(), { passive: true });
    this.holder.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.layout()).observe(this.holder);
    theme.listeners.push(() => this.render(true));
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    this.layout();
    this.apply();
    // Ranks of ids are made while nothing else happens, so that the first click on the column is quick, too.
    (window.requestIdleCallback ?? setTimeout)(() => {
      this.rankIds();
      this.joinIds();
    });
  }

  allColumns() {
    const { rows, calls } = this, value = (i) => calls.value(i);
    const scored = (i) => rows.frames[i] > 0;
    const columns = [
      { key: "tick", title: "", width: "34px", least: 0 },
      { key: "id", title: "Record", width: "minmax(110px, 2.4fr)", least: 0, text: (i) => rows.ids[i], class: "id" },
      { key: "length", title: "Length", width: "minmax(76px, .7fr)", least: 400, text: (i) => bases(rows.lengths[i]), sort: (i) => rows.lengths[i], num: true },
      { key: "gc", title: "GC", width: "minmax(76px, .5fr)", least: 800, text: (i) => Number.isNaN(share(rows.gc[i])) ? "–" : `${(100 * share(rows.gc[i])).toFixed(1)} %`, sort: (i) => share(rows.gc[i]), num: true },
      { key: "chunks", title: "Chunks", hint: "chunks with an answer / all", width: "minmax(116px, .7fr)", least: 980, text: (i) => rows.scored[i] === rows.chunks[i] ? number(rows.chunks[i]) : `${number(rows.scored[i])}/${number(rows.chunks[i])}`, sort: (i) => rows.chunks[i], num: true },
      { key: "viral", title: "Viral", hint: "viral chunks", width: "minmax(64px, .5fr)", least: 1050, text: (i) => scored(i) ? number(rows.viral[i]) : "–", sort: (i) => scored(i) ? rows.viral[i] : NaN, num: true },
      { key: "mean", title: "Mean P", width: "minmax(74px, .5fr)", least: 900, text: (i) => scored(i) ? share(rows.mean[i]).toFixed(3) : "–", sort: (i) => scored(i) ? share(rows.mean[i]) : NaN, num: true },
      { key: "score", title: "Score", width: "minmax(68px, .5fr)", least: calls.isCalibrated ? 1060 : 0, text: (i) => probability(share(rows.score[i])), sort: (i) => share(rows.score[i]), num: true },
    ];
    if (calls.isCalibrated) columns.push({ key: "p", title: "Probability", width: "minmax(108px, .75fr)", least: 0, text: (i) => probability(calls.probability(i)), sort: (i) => rows.isAnswered(i) ? rows.logOdds[i] : NaN, num: true });
    columns.push(
      { key: "call", title: "Call", width: "minmax(82px, .6fr)", least: 420, class: "call", sort: (i) => ({ virus: 0, others: 1 })[this.callOf(i)] ?? 2 },
      { key: "track", title: "Track", width: "minmax(90px, 1.5fr)", least: 620 });
    return columns;
  }

  callOf(i) {
    if (!this.rows.isAnswered(i)) return { no_orf: "no open frame", too_short: "too short", failed: "failed" }[this.rows.outcome(i)] ?? "–";
    return this.calls.isViral(i) ? "virus" : "others";
  }

  /** Which columns there is room for; heads. */
  layout() {
    // Paper is about as wide as this.
    const width = this.isPrinting ? 680 : this.holder.clientWidth;
    this.height = this.holder.clientHeight;
    if (width === this.width) return this.renderSoon();
    this.width = width;
    this.shownColumns = this.columns.filter((column) => column.least <= width && !(this.isPrinting && column.key === "tick"));
    this.holder.style.setProperty("--columns", this.shownColumns.map((column) => column.width).join(" "));
    this.holder.setAttribute("aria-colcount", this.shownColumns.length);
    const row = element("div", { class: "row", role: "row", "aria-rowindex": "1" });
    for (const column of this.shownColumns) {
      const cell = element("div", { class: "cell" + (column.num ? " num" : ""), role: "columnheader" });
      if (column.key === "tick") {
        cell.append(element("span", { class: "plain", text: "✓", title: "ticked for saving" }));
      } else if (column.key === "track") {
        cell.append(element("div", { class: "plain", text: column.title }));
      } else {
        const button = element("button", { type: "button", text: column.title, ...column.hint && { title: column.hint } });
        button.addEventListener("click", () => this.sortBy(column.key));
        cell.append(button);
        if (this.sorting.key === column.key) cell.setAttribute("aria-sort", this.sorting.isDescending ? "descending" : "ascending");
      }
      cell.dataset.key = column.key;
      row.append(cell);
    }
    this.head.replaceChildren(row);
    this.pool = [];
    this.body.replaceChildren();
    this.render(true);
  }

  rankIds() {
    if (this.idRanks) return;
    const { ids } = this.rows, places = Array.from(ids, (_, i) => i);
    places.sort((a, b) => ids[a] < ids[b] ? -1 : ids[a] > ids[b] ? 1 : 0);
    this.idRanks = new Uint32Array(ids.length);
    places.forEach((i, rank) => { this.idRanks[i] = rank; });
  }

  /** All ids as one text: searching it is much faster than searching each of them. */
  joinIds() {
    if (this.idText !== undefined) return;
    const lower = this.rows.ids.map((id) => id.toLowerCase());
    this.idStarts = new Uint32Array(lower.length + 1);
    for (let i = 0, at = 0; i < lower.length; i++) this.idStarts[i + 1] = at += lower[i].length + 1;
    this.idText = lower.join("\n") + "\n";
  }

  /** 1 for each record whose id has the text. */
  matches(text) {
    this.joinIds();
    const found = new Uint8Array(this.rows.count), { idText, idStarts } = this;
    for (let at = idText.indexOf(text), i = 0; at >= 0; at = idText.indexOf(text, idStarts[i])) {
      while (idStarts[i + 1] <= at) i++;
      found[i++] = 1;
    }
    return found;
  }

  sortBy(key) {
    const isSame = this.sorting.key === key;
    // Numbers begin with the largest, names and calls with the first.
    const column = this.columns.find((each) => each.key === key);
    const first = Boolean(column.num);
    if (isSame && this.sorting.isDescending !== first) this.sorting = { key: null, isDescending: false };
    else this.sorting = { key, isDescending: isSame ? !first : first };
    for (const cell of this.head.firstChild.children) {
      if (cell.dataset.key === this.sorting.key) cell.setAttribute("aria-sort", this.sorting.isDescending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.measure("sort", () => {
      this.makeOrder();
      this.holder.scrollTop = 0;
      this.apply();
    });
  }

  makeOrder() {
    const { key, isDescending } = this.sorting, count = this.rows.count;
    const natural = naturalOrder(count);
    if (key === null) { this.order = natural; return; }
    if (key === "id") {
      this.rankIds();
      const keys = isDescending ? this.idRanks.map((rank) => count - rank) : this.idRanks;
      this.order = radixOrder(keys, natural);
      return;
    }
    const column = this.columns.find((each) => each.key === key);
    // Calls follow the threshold; all other keys stay.
    let keys = column.key === "call" ? null : column.keys;
    if (!keys) {
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) values[i] = column.sort(i);
      keys = column.keys = floatKeys(values);
    }
    this.order = radixOrder(isDescending ? descending(keys) : keys, natural);
  }

  setFilter(change) {
    Object.assign(this.filter, change);
    this.measure("filter", () => this.apply());
  }

  /** The view: what passes the filters, in order. */
  apply() {
    const { rows, filter, calls } = this, chosenRecord = this.chosen >= 0 ? this.view[this.chosen] : -1;
    const text = filter.text.toLowerCase();
    const found = text ? this.matches(text) : null;
    const isFree = !text && !filter.call && !filter.minLength && !filter.minValue;
    if (isFree) {
      this.view = this.order;
    } else {
      const view = new Uint32Array(rows.count);
      let count = 0;
      for (let k = 0; k < this.order.length; k++) {
        const i = this.order[k];
        if (rows.lengths[i] < filter.minLength) continue;
        if (filter.minValue && !(calls.value(i) >= filter.minValue)) continue;
        if (filter.call) {
          const isAnswered = rows.isAnswered(i);
          if (filter.call === "none" ? isAnswered : !isAnswered || calls.isViral(i) !== (filter.call === "virus")) continue;
        }
        if (found && !found[i]) continue;
        view[count++] = i;
      }
      this.view = view.subarray(0, count);
    }
    this.chosen = chosenRecord < 0 ? -1 : this.view.indexOf(chosenRecord);
    this.holder.setAttribute("aria-rowcount", this.view.length + 1);
    this.body.style.height = `${this.view.length * kRowHeight}px`;
    this.holder.classList.toggle("is-short", this.view.length < 12);
    if (!isFree) this.holder.scrollTop = 0;
    this.tellShown();
    this.render(true);
  }

  tellShown() {
    const all = this.rows.count, here = this.view.length;
    const ticks = this.tickedCount ? ` · ${number(this.tickedCount)} ticked` : "";
    byId("shown").textContent = (here === all ? counted(all, "record") : `${number(here)} of ${counted(all, "record")}`) + ticks;
    const what = this.tickedCount || here;
    byId("save-tsv").textContent = `Save TSV of ${number(what)}`;
    byId("save-ids").textContent = `Save ids of ${number(what)}`;
    byId("save-tsv").disabled = byId("save-ids").disabled = what === 0;
  }

  renderSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.render(false); });
  }

  makeRow() {
    const row = element("div", { class: "row", role: "row" });
    for (const column of this.shownColumns) {
      const cell = element("div", { class: "cell" + (column.num ? " num" : "") + (column.class ? ` ${column.class}` : "") + (column.key === "tick" ? " tick" : ""), role: "gridcell" });
      if (column.key === "tick") cell.append(element("input", { type: "checkbox", tabindex: "-1" }));
      if (column.key === "track") cell.append(element("canvas", { "aria-hidden": "true" }));
      row.append(cell);
    }
    row.addEventListener("click", (event) => {
      const place = Number(row.dataset.place);
      if (event.target.type === "checkbox") this.tick(place); else this.setChosen(place);
    });
    this.body.append(row);
    return row;
  }

  /** Fills the rows in sight; `isNew`: also those that were there. */
  render(isNew) {
    if (!this.view || !this.shownColumns) return;
    if (this.view.length === 0) {
      for (const row of this.pool) row.remove();
      this.pool = [];
      if (!this.empty) this.empty = element("div", { class: "grid-empty", role: "row" }, element("div", { role: "gridcell", text: this.rows.count ? "No record passes these filters." : "There is no record to list." }));
      this.body.append(this.empty);
      this.body.style.height = "auto";
      return;
    }
    this.empty?.remove();
    const height = this.isPrinting ? this.view.length * kRowHeight : this.height || 560;
    const first = this.isPrinting ? 0 : Math.max(Math.floor(this.holder.scrollTop / kRowHeight) - 3, 0);
    const most = this.isPrinting ? 60 : Math.ceil(height / kRowHeight) + 7;
    const last = Math.min(first + most, this.view.length);
    // A row keeps the place that is congruent with its number, so that scrolling refills few.
    while (this.pool.length < last - first) { this.pool.push(this.makeRow()); isNew = true; }
    while (this.pool.length > last - first) { this.pool.pop().remove(); isNew = true; }
    const count = this.pool.length;
    // Asked once: a question about sizes between two changes lays the page out anew each time.
    if (isNew) this.trackWidth = (this.pool[0].lastChild.clientWidth || 140) - 20;
    for (let place = first; place < last; place++) {
      const row = this.pool[place % count];
      if (!isNew && Number(row.dataset.place) === place) continue;
      this.fill(row, place);
    }
  }

  fill(row, place) {
    const i = this.view[place], isChosen = place === this.chosen;
    row.dataset.place = place;
    row.id = `record-${place}`;
    row.style.transform = `translateY(${place * kRowHeight}px)`;
    row.setAttribute("aria-rowindex", place + 2);
    row.setAttribute("aria-selected", isChosen);
    row.classList.toggle("is-chosen", isChosen);
    this.shownColumns.forEach((column, k) => {
      const cell = row.children[k];
      if (column.key === "tick") {
        cell.firstChild.checked = this.ticked[i] === 1;
        cell.firstChild.setAttribute("aria-label", `tick ${short(this.rows.ids[i])}`);
      } else if (column.key === "track") {
        drawSmallTrack(cell.firstChild, this.rows, i, this.expected, this.trackWidth);
      } else if (column.key === "call") {
        this.fillCall(cell, i);
      } else {
        const text = column.text(i);
        cell.textContent = text;
        if (column.key === "id") cell.title = short(text, 400);
      }
    });
  }

  /** Only what follows the threshold. */
  updateCalls() {
    if (this.filter.call || this.filter.minValue) return this.apply();
    const at = this.shownColumns.findIndex((column) => column.key === "call");
    if (at < 0) return;
    for (const row of this.pool) this.fillCall(row.children[at], this.view[Number(row.dataset.place)]);
  }

  fillCall(cell, i) {
    const text = this.callOf(i);
    if (cell.textContent === text) return;
    cell.textContent = text;
    cell.className = `cell call of-${{ virus: "viral", others: "others" }[text] ?? "none"}`;
  }

  tick(place) {
    const i = this.view[place];
    this.ticked[i] ^= 1;
    this.tickedCount += this.ticked[i] ? 1 : -1;
    this.tellShown();
    this.render(true);
  }

  setChosen(place, doScroll = true) {
    if (!this.view.length) return;
    this.chosen = Math.min(Math.max(place, 0), this.view.length - 1);
    if (doScroll) {
      const top = this.chosen * kRowHeight, room = this.holder.clientHeight - kRowHeight - 18;
      if (top < this.holder.scrollTop) this.holder.scrollTop = top;
      else if (top + kRowHeight > this.holder.scrollTop + room) this.holder.scrollTop = top + kRowHeight - room;
    }
    this.render(true);
    this.holder.setAttribute("aria-activedescendant", `record-${this.chosen}`);
    this.choose(this.view[this.chosen]);
  }

  setChosenRecord(i) {
    let place = this.view.indexOf(i);
    if (place < 0) { byId("clear").click(); place = this.view.indexOf(i); }
    if (place >= 0) this.setChosen(place);
  }

  key(event) {
    if (event.target !== this.holder) return;
    const page = Math.max(Math.floor(this.holder.clientHeight / kRowHeight) - 2, 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in moves) this.setChosen(this.chosen < 0 ? 0 : this.chosen + moves[event.key]);
    else if (event.key === "Home") this.setChosen(0);
    else if (event.key === "End") this.setChosen(this.view.length - 1);
    else if (event.key === " " && this.chosen >= 0) this.tick(this.chosen);
    else if (event.key === "Enter" && this.chosen >= 0) byId("track").focus();
    else return;
    event.preventDefault();
  }

  /** The records to save: those ticked, else those shown. */
  selection() {
    return this.tickedCount ? this.order.filter((i) => this.ticked[i]) : this.view;
  }
  tsv() {
    const { rows, calls } = this;
    const columns = ["id", "record", "length", "gc", "chunks", "scored_chunks", "frames", "viral_chunks", "mean_p_virus", "max_p_virus", "score", "p_calibrated", "call", "status"];
    const digits = (value) => Number.isNaN(value) ? "NA" : String(+value.toPrecision(4));
    const lines = [columns.join("\t")];
    for (const i of this.selection()) {
      const isAnswered = rows.isAnswered(i);
      lines.push([rows.ids[i], rows.ordinals[i] + 1, rows.lengths[i], digits(share(rows.gc[i])), rows.chunks[i], rows.scored[i], rows.frames[i], rows.viral[i],
        digits(share(rows.mean[i])), digits(share(rows.max[i])), digits(share(rows.score[i])), digits(calls.probability(i)),
        isAnswered ? this.callOf(i) : "NA", rows.outcome(i)].join("\t"));
    }
    return lines.join("\n") + "\n";
  }
  idList() { return Array.from(this.selection(), (i) => this.rows.ids[i] + "\n").join(""); }

  /** On paper stand the first rows. */
  print(isPrinting) {
    this.isPrinting = isPrinting;
    this.layout();
    if (isPrinting) this.body.style.height = `${Math.min(this.view.length, 60) * kRowHeight}px`;
    else this.body.style.height = `${this.view.length * kRowHeight}px`;
    this.render(true);
  }

  /** Times are kept where tests and the curious find them: performance.getEntriesByType("measure"). */
  measure(name, work) {
    const start = performance.now();
    work();
    // uPlot draws in a microtask of its own, which comes before this one.
    queueMicrotask(() => performance.measure(`virnucpro ${name}`, { start, end: performance.now() }));
  }
}
