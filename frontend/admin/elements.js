/** The elements that several views have. */
import { h } from "../lib/dom.js";

export function badge(kind, text) {
  return h("span", { class: `badge-${kind}` }, text);
}

const isViewer = document.body.dataset.role === "viewer";

/** Nothing for viewers, because the service would refuse the call. */
export function button(text, data, about) {
  return !isViewer && h("button", { class: "btn btn-outline-secondary btn-sm", type: "button", ...data }, text, about && h("span", { class: "visually-hidden" }, ` ${about}`));
}

/** A table that scrolls in its own place if it is wide. Columns that begin with # hold numbers. */
export function table(title, columns, rows, nothing) {
  if (!rows.length) return h("p", { class: "hint" }, nothing);
  if (isViewer && columns.at(-1) === "Actions") return table(title, columns.slice(0, -1), rows.map((row) => row.slice(0, -1)), nothing);
  const cell = (column) => (column.startsWith("#") ? "text-end text-nowrap" : column === "Trend" ? "d-none d-md-table-cell" : null);
  return h("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    h("table", { class: "table mb-0 small align-middle" },
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: cell(column) }, column.replace("#", ""))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((content, place) =>
        place ? h("td", { class: cell(columns[place]) }, content) : h("th", { scope: "row" }, content))))),
    ),
  );
}
