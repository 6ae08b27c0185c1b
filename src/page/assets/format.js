// Numbers and elements as the page shows them.

const whole = new Intl.NumberFormat("en-US");
const number = (n) => whole.format(n);
const counted = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

/** 1,234 b, 12.3 kb, 4.56 Mb. */
function bases(n) {
  for (const [unit, size] of [["Gb", 1e9], ["Mb", 1e6], ["kb", 1e4]]) {
    if (n >= size) { const value = n / (unit === "kb" ? 1e3 : size); return `${value.toPrecision(3)} ${unit}`; }
  }
  return `${number(n)} b`;
}

function percent(part, all) {
  if (!all) return "0 %";
  const value = 100 * part / all;
  if (part > 0 && value < 0.1) return "under 0.1 %";
  return `${value.toFixed(value > 0 && value < 10 ? 1 : 0)} %`;
}

/** A probability: three digits behind the point, and more near 0 and 1, where they matter. */
function probability(p) {
  if (Number.isNaN(p)) return "–";
  if (p > 0 && p < 0.001) return p.toExponential(1);
  if (p > 0.999 && p < 1) return p > 0.99999 ? "> 0.99999" : p.toFixed(5);
  return p.toFixed(3);
}

/** How many: 0.04, 3.2, 118. */
function about(n) {
  if (n === 0) return "0";
  if (n < 0.01) return "under 0.01";
  return n < 1 ? n.toFixed(2) : n < 10 ? n.toFixed(1) : number(Math.round(n));
}

function seconds(s) {
  if (s < 60) return `${s.toFixed(1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min`;
}

function memory(bytes) {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** An element with text and children; nothing is ever read as markup. */
function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);

/** Long ids, shortened for places with little room. */
const short = (id, most = 48) => id.length > most ? id.slice(0, most - 1) + "…" : id;

function save(name, text) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
