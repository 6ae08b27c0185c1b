// Light and dark; colours for what is drawn. Blue to vermilion tells apart with any colour vision.

const theme = {
  colours: {},
  listeners: [],
  name: null,
  chosen: null,  // by the button; null: as the system says
  system: matchMedia("(prefers-color-scheme: dark)"),

  apply(name) {
    if (this.name === name) return;
    this.name = name;
    document.documentElement.dataset.theme = name;
    const style = getComputedStyle(document.documentElement);
    for (const key of ["bg", "card", "ink", "muted", "line", "soft", "viral", "others", "none", "short", "failed", "mid", "focus"]) {
      this.colours[key] = style.getPropertyValue("--" + key).trim();
    }
    this.ramp = ramp([this.colours.others, this.colours.mid, this.colours.viral]);
    for (const listener of this.listeners) listener();
  },
  own() { return this.chosen ?? (this.system.matches ? "dark" : "light"); },
  start() {
    this.apply(this.own());
    this.system.addEventListener("change", () => this.apply(this.own()));
    byId("theme").addEventListener("click", () => {
      this.chosen = this.own() === "dark" ? "light" : "dark";
      this.apply(this.chosen);
    });
    // Paper is white.
    addEventListener("beforeprint", () => this.apply("light"));
    addEventListener("afterprint", () => this.apply(this.own()));
  },
  /** The colour of a probability or a score. */
  of(value) { return Number.isNaN(value) ? this.colours.none : this.ramp[Math.round(value * 100)]; },
};

function ramp(stops) {
  const parts = stops.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  return Array.from({ length: 101 }, (_, i) => {
    const at = i / 100 * (parts.length - 1), left = Math.min(Math.floor(at), parts.length - 2), t = at - left;
    return `rgb(${parts[left].map((from, k) => Math.round(from + t * (parts[left + 1][k] - from))).join(" ")})`;
  });
}
