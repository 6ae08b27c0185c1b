// Puts the page together: reads the data, and tells every part when the threshold moves.

function showHeadline(run, totals, rows, calls) {
  const counts = calls.counts(), { total } = run.counts.records, { answered } = calls;
  byId("headline").textContent = total === 0 ? "The input had no record"
    : total === 1 ? `The record is ${counts.records ? "" : "not "}called viral`
    : counts.records === 0 ? `None of ${counted(total, "record")} is called viral`
    : `${number(counts.records)} of ${counted(total, "record")} ${counts.records === 1 ? "is" : "are"} called viral`;
  const names = run.inputs.map((input) => input.path.split("/").pop());
  byId("lead").textContent = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${counted(names.length - 3, "more file")}` : names.join(", ");
  document.title = `${number(counts.records)} of ${number(total)} viral · VirNucPro report`;
  byId("meta").textContent = `virnucpro ${run.program.version} · ${run.model.bundle}${run.model.version ? ` ${run.model.version}` : ""} · ${run.program.started_at}`;
  const figures = [
    ["viral records", number(counts.records), `${percent(counts.records, total)} of all, ${percent(counts.records, answered)} of those with an answer`, true],
    ["viral bases", bases(counts.bases), `${percent(counts.bases, totals.bases.total)} of ${bases(totals.bases.total)}`, true],
  ];
  if (calls.isCalibrated) {
    const known = totals.calls.estimated_prevalence, vague = totals.calls.vague_prevalence;
    if (vague) figures.push(["expected to be wrong among them", "–", `unknown: records that say so little leave open whether ${vague}`]);
    else figures.push(["expected to be wrong among them", Number.isNaN(counts.wrong) ? "–" : about(counts.wrong),
      Number.isNaN(counts.wrong) ? "not known for this scale in a page of so many records"
        : known === undefined ? `at a share of viruses of ${percent(calls.own.prevalence, 1)}` : `if ${percent(known, 1)} of all records are viruses, as their scores suggest`]);
  }
  const regions = run.counts.viral_regions;
  if (regions) {
    // A provirus lies in a record that is not viral as a whole, which its call alone would hide.
    const hidden = totals.records.selection === "all" ? [...rows.regions.keys()].filter((i) => !calls.isViral(i)).length : 0;
    figures.push(["viral regions", number(regions), hidden ? `${counted(hidden, "record")} with some ${hidden === 1 ? "is" : "are"} not called viral` : "stretches of records: regions.bed", true]);
  }
  figures.push(["records without an answer", number(total - answered), total === answered ? "every record has one" : "no open frame, too short or failed"]);
  byId("figures").replaceChildren(...figures.map(([name, value, note, isViral]) =>
    element("div", { class: isViral ? "is-viral" : "" }, element("dt", { text: name }), element("dd", {}, value, element("small", { text: note })))));
}

function ruleText(calls) {
  const own = calls.own;
  if (calls.bin !== null) return "The tables beside this page follow the run's own rule; 'virnucpro report --threshold' or '--fdr' writes them by another one.";
  if (own.by === "score") return `The run's rule: a record is viral when more than half of its chunks with an answer score at least ${+own.threshold.toPrecision(4)}.`;
  if (own.log_odds === null) return "The run's rule: no threshold gives as few false discoveries as were asked for, so nothing is called.";
  return `The run's rule: a record is viral from this calibrated probability on, at a share of viruses of ${percent(own.prevalence, 1)}${own.is_estimated ? ", estimated from the records" : ""}.`;
}

function showThreshold(calls) {
  const slider = byId("slider"), scale = calls.scale;
  slider.min = scale.least;
  slider.max = scale.most;
  slider.value = calls.bin ?? 0;
  const text = `${calls.by === "score" ? "score" : "probability"} from ${probability(calls.threshold())}`;
  byId("slider-value").textContent = probability(calls.threshold());
  slider.setAttribute("aria-valuetext", `${text}: ${counted(calls.counts().records, "record")}`);
  byId("slider-label").textContent = calls.by === "score" ? "Viral from this score on" : "Viral from this probability on";
  byId("by").value = calls.by;
  byId("reset").disabled = calls.bin === null;
  byId("rule").textContent = ruleText(calls);
  byId("min-value-label").textContent = calls.by === "score" ? "Score from" : "Probability from";
}

function showRecord(rows, calls, table, track, i) {
  byId("detail-id").textContent = rows.ids[i];
  const facts = [`record ${number(rows.ordinals[i] + 1)}`, `${number(rows.lengths[i])} bases`];
  if (!Number.isNaN(share(rows.gc[i]))) facts.push(`GC ${(100 * share(rows.gc[i])).toFixed(1)} %`);
  facts.push(`${number(rows.scored[i])} of ${counted(rows.chunks[i], "chunk")} with an answer, ${number(rows.viral[i])} viral`);
  if (rows.frames[i] > 0) facts.push(`${counted(rows.frames[i], "frame")}, mean P ${share(rows.mean[i]).toFixed(3)}, max P ${share(rows.max[i]).toFixed(3)}`);
  if (calls.isCalibrated && rows.isAnswered(i)) facts.push(`probability ${probability(calls.probability(i))}`);
  facts.push(`call: ${table.callOf(i)}`);
  const regions = rows.regions.get(i) ?? [];
  for (const region of regions.slice(0, 6)) facts.push(`viral region ${number(region.start + 1)} to ${number(region.end)}, probability ${probability(region.value)}`);
  if (regions.length > 6) facts.push(`${counted(regions.length - 6, "more region")}; regions.bed has all`);
  byId("detail-facts").textContent = facts.join(" · ");
  track.show(i);
}

function notices(run, totals) {
  const texts = [];
  const { total, listed, selection, without_track } = totals.records;
  if (selection === "viral") texts.push(`Of ${number(total)} records this page lists the ${number(listed)} that are called viral; every number and chart counts all of them. contigs.tsv has a row for each.`);
  if (selection === "first_viral") texts.push(`Of ${number(total)} records this page lists the first ${number(listed)} of the ${number(totals.calls.viral)} that are called viral; every number and chart counts all of them. contigs.tsv has a row for each.`);
  if (without_track > 0) texts.push(`${counted(without_track, "record")} ${without_track === 1 ? "has" : "have"} no track here, since the page would be too large; predictions.tsv has all chunks.`);
  if (run.counts.records.failed > 0) texts.push(`${counted(run.counts.records.failed, "record")} ${run.counts.records.failed === 1 ? "has" : "have"} chunks that could not be computed; the reasons stand below, under "Warnings and faults".`);
  return texts;
}

async function start() {
  theme.start();
  const run = dataText("run"), totals = dataText("totals"), expected = run.model.expected_length;
  const rows = await readRows(totals.records.listed);
  const calls = new Calls(totals, rows);
  const whole = totals.records.selection === "all";

  showHeadline(run, totals, rows, calls);
  byId("notices").replaceChildren(...notices(run, totals).map((text) => element("p", { class: "notice", text })));
  byId("threshold").hidden = calls.answered === 0;
  byId("by-choice").hidden = !calls.isCalibrated;
  showThreshold(calls);
  const ledger = new Ledger(byId("ledger"), run, calls);

  // Counts of the highest bar and of a usual one decide whether the small ones would be seen at all.
  const state = { log: false };
  const peaks = (by) => {
    const sums = new Array(kHistogramBins).fill(0);
    for (const [bin, [records]] of calls.scales[by].bins) sums[Math.min(Math.max(Math.floor(calls.scales[by].valueAt(bin + 0.5) * kHistogramBins), 0), kHistogramBins - 1)] += records;
    const some = sums.filter((n) => n > 0).sort((a, b) => a - b);
    return some.length ? some[some.length - 1] / some[some.length >> 1] : 1;
  };
  state.log = peaks(calls.by) > 30;
  byId("log").checked = state.log;

  const track = new Track(rows, calls, expected);
  let table = null;
  const choose = (i) => showRecord(rows, calls, table, track, i);
  table = new Table(rows, calls, totals, expected, choose);
  const jump = (i) => { table.setChosenRecord(i); };

  const charts = [];
  if (calls.isCalibrated) charts.push(new Histogram(byId("chart-p"), calls, "probability", state));
  else {
    byId("chart-p").closest("figure").remove();
    document.querySelector(".charts").classList.add("three");
  }
  charts.push(new Histogram(byId("chart-s"), calls, "score", state));
  charts.push(new Cloud(byId("chart-l"), calls, rows, totals, "length", jump));
  charts.push(new Cloud(byId("chart-g"), calls, rows, totals, "gc", jump));
  const against = totals.density.by === "probability" ? "against probability" : "against score";
  for (const [id, text] of [["p-note", "of records; click to set the threshold"], ["s-note", "of records, at which half of their chunks are viral"], ["l-note", against], ["g-note", against]]) {
    const note = byId(id);
    if (note) note.textContent = note.dataset.usual = text;
  }
  const swatch = (kind, text) => { const mark = element("i", { class: `of-${kind}` }); return element("span", {}, mark, text); };
  byId("charts-key").append(swatch("viral", "called virus at the threshold"), swatch("others", "others"), whole && rows.count <= kMostPoints ? "A point is a record: click it to see its track." : "Stronger colour: more records.");
  const ramp = element("span", {}, "others", element("span", { class: "ramp" }), "virus");
  byId("track-key").append(ramp, swatch("none gap", "no open frame, so no answer"), swatch("viral", "bar above: a viral region"), "Below: the six frames.");

  calls.listeners.push(() => table.measure("slider", () => {
    showHeadline(run, totals, rows, calls);
    showThreshold(calls);
    ledger.update();
    for (const chart of charts) chart.update();
    table.updateCalls();
  }));
  byId("slider").addEventListener("input", (event) => calls.set(Number(event.target.value)));
  byId("reset").addEventListener("click", () => { calls.by = calls.ownBy; calls.set(null); });
  byId("by").addEventListener("change", (event) => calls.setBy(event.target.value));
  byId("log").addEventListener("change", (event) => {
    state.log = event.target.checked;
    for (const chart of charts) if (chart instanceof Histogram) chart.plot.rebuild();
  });

  const filters = () => ({ text: byId("search").value, call: byId("call").value, minLength: Number(byId("min-length").value) || 0, minValue: Number(byId("min-value").value) || 0 });
  for (const id of ["search", "call", "min-length", "min-value"]) byId(id).addEventListener("input", () => table.setFilter(filters()));
  byId("clear").addEventListener("click", () => {
    for (const id of ["search", "call", "min-length", "min-value"]) byId(id).value = "";
    table.setFilter(filters());
  });
  byId("save-tsv").addEventListener("click", () => save("records.tsv", table.tsv()));
  byId("save-ids").addEventListener("click", () => save("ids.txt", table.idList()));

  showFacts(byId("facts"), run, totals);
  showCitation(run);
  // Something to look at: the surest record, of equals the longest.
  let best = -1;
  for (let i = 0; i < rows.count; i++) {
    if (!rows.isAnswered(i)) continue;
    const better = best < 0 || calls.value(i) > calls.value(best) || (calls.value(i) === calls.value(best) && rows.lengths[i] > rows.lengths[best]);
    if (better) best = i;
  }
  if (best >= 0) { table.chosen = table.view.indexOf(best); table.render(true); choose(best); }
  byId("main").setAttribute("aria-busy", "false");
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  byId("headline").textContent = "This page could not be read";
  byId("lead").textContent = `${error}. It needs a browser of 2023 or later; contigs.tsv beside it has the same rows.`;
  document.documentElement.dataset.ready = "failed";
});
