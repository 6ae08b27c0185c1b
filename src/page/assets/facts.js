// The ledger, the facts of the run and how to cite: from run.json.

const kTitle = "VirNucPro: an identifier for the identification of viral short sequences using six-frame translation and large language models";
const kPaper = `Li J, Mi J, Lin W, et al. ${kTitle}. Briefings in Bioinformatics 26(3), 2025, bbaf224. https://doi.org/10.1093/bib/bbaf224`;
const kBibTeX = `@article{virnucpro2025,
  author  = {Li, J. and Mi, J. and Lin, W. and others},
  title   = {{${kTitle}}},
  journal = {Briefings in Bioinformatics},
  volume  = {26},
  number  = {3},
  pages   = {bbaf224},
  year    = {2025},
  doi     = {10.1093/bib/bbaf224}
}
`;

const kOutcomeWords = { viral: "called virus", others: "others", no_orf: "no open frame", too_short: "too short", failed: "failed" };

class Ledger {
  constructor(holder, run, calls) {
    this.calls = calls;
    this.records = run.counts.records;
    // A record of which some chunks failed may have an answer by the others.
    this.answered = calls.answered;
    this.bar = this.make(holder, "Records");
    const chunks = run.counts.chunks;
    this.fill(this.make(holder, "Chunks"), chunks.total, { viral: run.counts.viral_chunks, others: chunks.scored - run.counts.viral_chunks, no_orf: chunks.no_orf, too_short: chunks.too_short, failed: chunks.failed });
    this.update();
  }
  make(holder, title) {
    const place = { title: element("h3", { text: title }), bar: element("div", { class: "bar", role: "img" }), legend: element("ul", { class: "legend" }), name: title };
    holder.append(element("div", { class: "ledger" }, place.title, place.bar, place.legend));
    return place;
  }
  fill(place, total, parts) {
    const shown = Object.entries(parts).filter(([, count]) => count > 0);
    const words = shown.map(([name, count]) => `${number(count)} ${kOutcomeWords[name]} (${percent(count, total)})`);
    place.title.textContent = `${number(total)} ${total === 1 ? place.name.slice(0, -1).toLowerCase() : place.name.toLowerCase()}`;
    place.bar.replaceChildren(...shown.map(([name, count]) => { const part = element("span", { class: `of-${name}` }); part.style.flexGrow = count / total; return part; }));
    place.bar.setAttribute("aria-label", words.join(", ") || "none");
    place.legend.replaceChildren(...shown.map(([name], i) => element("li", { class: `of-${name}`, text: words[i] })));
  }
  update() {
    const { total, no_orf, too_short } = this.records, { answered } = this, viral = this.calls.counts().records;
    this.fill(this.bar, total, { viral, others: answered - viral, no_orf, too_short, failed: total - answered - no_orf - too_short });
  }
}

function fact(title, entries) {
  const list = element("dl");
  for (const [name, value] of entries) {
    if (value === null || value === undefined || value === "") continue;
    list.append(element("dt", { text: name }), element("dd", {}, value instanceof Node ? value : String(value)));
  }
  return element("div", { class: "fact" }, element("h3", { text: title }), list);
}
const code = (text) => element("code", { text });

function faultTexts(faults) {
  const words = [];
  const walk = (value, path) => {
    if (typeof value === "number") { if (value > 0) words.push(`${path.replaceAll("_", " ")}: ${number(value)}`); }
    else if (typeof value === "string") { if (value) words.push(`${path.replaceAll("_", " ")}: ${value}`); }
    else if (Array.isArray(value)) value.forEach((each) => walk(each, path));
    else if (value) for (const [key, each] of Object.entries(value)) walk(each, path ? `${path} ${key}` : key);
  };
  walk(faults, "");
  return words;
}

/** Equal reasons once, with the records that they are of. */
function reasonTexts(reasons) {
  const records = new Map();
  for (const [ordinal, reason] of reasons) records.set(reason, [...records.get(reason) ?? [], ordinal + 1]);
  return [...records].map(([reason, numbers]) => {
    const more = numbers.length > 8 ? " ..." : "";
    return `${numbers.length === 1 ? "record" : "records"} ${numbers.slice(0, 8).join(", ")}${more}: ${reason}`;
  });
}

function showFacts(holder, run, totals) {
  const { program, model, options, performance: speed, counts } = run;
  const perSecond = (count) => speed.seconds > 0 ? `${shortNumber(Math.round(count / speed.seconds))} a second` : null;
  holder.append(fact("Program", [
    ["version", `virnucpro ${program.version}`], ["started", program.started_at],
    ["command", code(program.command_line.join(" "))], ["shard", run.shard],
    ["merged from", run.merged_from ? `${counted(run.merged_from.length, "shard")}: ${run.merged_from.map((each) => each.folder).join(", ")}` : null],
    ["reported with", run.report ? code(JSON.stringify(run.report)) : null],
  ]));
  const inputs = run.inputs.flatMap((input) => [
    [input.path.split("/").pop() || input.path, `${counted(input.records, "record")}${input.bytes === null ? "" : `, ${number(input.bytes)} bytes`}`],
    ["sha256", input.sha256 ? element("span", { class: "hash", text: input.sha256 }) : "not known: it could be read only once"]]);
  holder.append(fact(run.inputs.length === 1 ? "Input" : "Inputs", inputs));
  holder.append(fact("Models", [
    ["bundle", `${model.bundle}${model.version ? ` ${model.version}` : ""}`], ["chunk length", `${model.expected_length} bases`],
    ["frames", options.frames ? `${options.frames}; least run ${options.least_run} bases` : "open"], ["genetic code", options.genetic_code ?? 1],
    ...Object.entries(model.sha256).map(([part, hash]) => [part, element("span", { class: "hash", text: hash })]),
    ["calibration", model.calibration_sha256 ? element("span", { class: "hash", text: model.calibration_sha256 }) : "none: scores are not probabilities"],
  ]));
  holder.append(fact("Precision and devices", [
    ["precision", options.precision], ["accuracy", totals.precision ?? "not kept with this run; 'virnucpro precision' measures it"],
    ["device", options.device], ["", options.device_description], ["threads", options.threads], ["workers", options.workers],
    ...speed.devices.length > 1 ? speed.devices.map((device) => [device.name, `${counted(device.batches, "batch", "batches")}, busy for ${seconds(device.busy_seconds)}`]) : [],
  ]));
  holder.append(fact("Speed", [
    ["time", seconds(speed.seconds)], ["bases", `${number(counts.bases)}${speed.seconds > 0 ? `, ${bases(Math.round(counts.bases / speed.seconds))} a second` : ""}`],
    ["frames", `${number(counts.frames)} scored, ${number(counts.frames_embedded)} computed, ${number(counts.frames_repeated)} were equal to earlier ones`],
    ["tokens", perSecond(Object.values(speed.tokens).reduce((a, b) => a + b, 0))], ["peak memory", memory(speed.peak_memory_bytes)],
    ["sessions", run.sessions.length > 1 ? `${run.sessions.length}; the times above are those of the last` : null],
  ]));
  const faults = faultTexts(run.faults), troubles = element("div", { class: "fact" }, element("h3", { text: "Warnings and faults" }));
  const texts = [...run.warnings, ...faults, ...reasonTexts(totals.reasons)];
  troubles.append(texts.length ? element("ul", {}, ...texts.slice(0, 40).map((text) => element("li", { text }))) : element("p", { class: "hint", text: "None." }));
  holder.append(troubles);
}

function showCitation(run) {
  byId("cite").textContent = `${kPaper} The results were computed by virnucpro ${run.program.version} with the models ${run.model.bundle}${run.model.version ? ` ${run.model.version}` : ""}; please name both, and the papers of the encoders DNABERT-S and ESM-2.`;
  byId("save-bib").addEventListener("click", () => save("virnucpro.bib", kBibTeX));
}
