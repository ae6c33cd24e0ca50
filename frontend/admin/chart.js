/** Charts of lines over time as SVG, with the values at the pointer and a table of all values. */
import { h } from "../lib/dom.js";
import { table } from "./elements.js";

// The plot is stretched to fit, so it holds no text.
const WIDTH = 600;
const HEIGHT = 100;
const MOMENTS = 4;

/** The moment at the pointer: {chart, place}. */
let pointed = { chart: "", place: -1 };
const openTables = new Set();

/**
 * `lines` are {name, kind, values, whole}: kind sets the color, whole is the value of the whole window.
 * `format` turns a value into text, `moment` a start. The last place is not over yet, as `running` says.
 */
export function chart({ id, title, starts, lines, format, moment, running, least = 1 }) {
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const top = niceTop(Math.max(least, ...values));
  const place = pointed.chart === id && pointed.place < starts.length ? pointed.place : -1;
  const last = starts.length - 1;
  const when = (n) => (n === last ? `${moment(starts[n])} (${running})` : moment(starts[n]));
  return h("figure", { class: "panel chart m-0", "data-key": id },
    h("figcaption", { class: "d-flex justify-content-between gap-3" },
      h("h2", { class: "m-0" }, title),
      h("p", { class: "hint m-0" }, place < 0 ? "" : when(place)),
    ),
    h("ul", { class: "legend list-unstyled d-flex flex-wrap column-gap-3 mt-1 mb-3 small" }, lines.map((line) => legend(line, place, format))),
    h("div", { class: "plot" },
      h("div", { class: "heights d-flex flex-column justify-content-between text-end text-nowrap", "aria-hidden": "true" }, [top, top / 2, 0].map((value) => h("span", {}, format(value)))),
      h("svg", {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title}: ${lines.map((line) => `${line.name} ${format(line.whole)}`).join(", ")}`,
        "data-chart": id,
        "data-places": starts.length,
      },
      [0, 50, HEIGHT].map((y) => h("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y })),
      h("rect", { class: "running", x: x(last - 1, starts), y: 0, width: WIDTH - x(last - 1, starts), height: HEIGHT }),
      place >= 0 && h("line", { class: "pointer", x1: x(place, starts), x2: x(place, starts), y1: 0, y2: HEIGHT }),
      lines.map((line) => drawn(line, starts, top))),
      h("div", { class: "moments d-flex justify-content-between", "aria-hidden": "true" }, marks(starts).map((start) => h("span", {}, moment(start)))),
    ),
    h("details", { "data-table": id },
      h("summary", {}, "Show as a table"),
      openTables.has(id) && tableOf(title, starts, lines, format, when),
    ),
  );
}

function legend(line, place, format) {
  return h("li", { class: line.kind },
    h("span", { class: "text-body-secondary" }, line.name), " ",
    h("b", {}, format(place < 0 ? line.whole : line.values[place])),
  );
}

/** The stretches of a line that have values: [first place, values]. */
function runs(values) {
  const found = [];
  values.forEach((value, place) => {
    if (value === null) return;
    if (place === 0 || values[place - 1] === null) found.push([place, []]);
    found.at(-1)[1].push(value);
  });
  return found;
}

/** A line in two pieces: what is over, and the way to the last value, which is not. */
function drawn({ kind, values }, starts, top) {
  const last = values.length - 1;
  const over = runs(values.slice(0, last)).map((run) => polyline(kind, run, starts, top));
  if (values[last] === null) return over;
  const before = values[last - 1] ?? values[last];
  return [...over, h("line", {
    class: `series ${kind} running`,
    x1: x(last - 1, starts), y1: y(before, top),
    x2: x(last, starts), y2: y(values[last], top),
  })];
}

function polyline(kind, [first, values], starts, top) {
  const points = values.map((value, n) => `${x(first + n, starts)},${y(value, top)}`);
  // A value on its own is a short line.
  if (points.length === 1) points.push(`${x(first, starts) + 3},${y(values[0], top)}`);
  return h("polyline", { class: `series ${kind}`, points: points.join(" ") });
}

const x = (place, starts) => Math.round((place / Math.max(1, starts.length - 1)) * WIDTH * 10) / 10;
const y = (value, top) => Math.round((1 - Math.min(value, top) / top) * HEIGHT * 10) / 10;

function marks(starts) {
  return Array.from({ length: MOMENTS }, (_, n) => starts[Math.round((n / (MOMENTS - 1)) * (starts.length - 1))]);
}

/** The next of 1, 2, 4, 6, 10, 20, …, whose halves are labels too. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 10].map((step) => step * power).find((top) => top >= value);
}

/** The newest moment first. */
function tableOf(title, starts, lines, format, when) {
  const rows = starts.map((_, place) => [when(place), ...lines.map(({ values }) => format(values[place]))]);
  return table(`${title}, as a table`, ["Time", ...lines.map(({ name }) => `#${name}`)], rows.reverse());
}

/** The trend in a table's row. Screen readers get the numbers next to it. */
export function sparkline(values) {
  const top = Math.max(1, ...values);
  return h("svg", { class: "sparkline", viewBox: `0 -4 ${WIDTH} ${HEIGHT + 8}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn({ kind: "", values }, values, top));
}

/** Calls `changed` when the pointer is at another moment, or a table opens or closes. */
export function listen(changed) {
  const point = (chart, place) => {
    if (pointed.chart === chart && pointed.place === place) return;
    pointed = { chart, place };
    changed();
  };
  document.addEventListener("pointermove", ({ target, clientX }) => {
    const plot = target.closest?.("svg[data-chart]");
    if (!plot) return point("", -1);
    const { left, width } = plot.getBoundingClientRect();
    point(plot.dataset.chart, Math.round(((clientX - left) / width) * (plot.dataset.places - 1)));
  });
  document.addEventListener("toggle", ({ target }) => {
    const id = target.dataset?.table;
    if (!id) return;
    if (target.open) openTables.add(id);
    else openTables.delete(id);
    changed();
  }, true);
}
