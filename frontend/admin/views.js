/** What the views show of the service's figures, as elements. timeline.js shows a recipient's. */
import { chart, sparkline } from "./chart.js";
import { h } from "./dom.js";
import * as words from "./words.js";

const SLOW_QUEUE_SECONDS = 5;
const MANY_FAILURES = 0.1;

const sum = (values) => values.reduce((all, value) => all + value, 0);
const ratio = (part, whole) => (whole ? Math.min(1, part / whole) : null);

/** What the owner should look at, the worst first; or that there is nothing. */
export function attention({ state, report, guarded, since }) {
  const found = [];
  const add = (kind, text, view) => found.push(h("li", { class: kind }, text, " ", h("a", { href: `#${view}` }, `See ${view}`)));
  const { queue, workers, senders } = state;
  if (!workers.length) add("bad", "No worker is alive: no message is sent.", "delivery");
  if (queue.oldest_seconds > SLOW_QUEUE_SECONDS) add("bad", `The queue is slow: the first message has waited for ${words.duration(queue.oldest_seconds * 1000)}.`, "delivery");
  for (const { channel, name, status, failures } of senders) {
    const sender = words.sender(`${channel}:${name}`);
    if (status === "left_alone") add("bad", `${sender} is left alone after ${words.counted(failures, "failure")} in a row.`, "delivery");
    if (status === "paused") add("warn", `${sender} is paused.`, "delivery");
  }
  const { failed, sent } = report.everything.counts;
  const failures = ratio(sum(failed), sum(failed) + sum(sent));
  if (failures > MANY_FAILURES) add("warn", `${words.percent(failures)} of the messages failed ${since[0].toLowerCase()}${since.slice(1)}.`, "delivery");
  const suspect = guarded.filter((row) => row.state === "held" || row.state === "monitored").length;
  if (suspect) add("warn", `Fraud is suspected in ${words.counted(suspect, "range or country", "ranges or countries")}.`, "protection");
  if (found.length) return h("ul", { class: "attention" }, found);
  const waiting = queue.waiting ? `${words.counted(queue.waiting, "message")} in the queue` : "nothing waits";
  return h("ul", { class: "attention" }, h("li", { class: "good" }, `All is well: ${words.counted(workers.length, "worker")} alive, ${waiting}.`));
}

/** `app` is the one that the report is of: times are counted for all apps together only. */
export function figures({ everything, channels }, channel, app) {
  const flow = channel ? channels[channel] : everything;
  const total = (step) => (flow ? sum(flow.counts[step]) : 0);
  const started = total("started");
  const share = (step, of) => words.percent(ratio(total(step), of));
  const times = (times) => (times ? [words.duration(times.whole_p50), `95 in 100 within ${words.duration(times.whole_p95)}`] : ["–", ""]);
  return [
    tile("Started", words.number(started), "codes asked for anew"),
    tile("Verified", words.number(total("verified")), `${share("verified", started)} of those started`, "good"),
    tile("Sent", words.number(total("sent")), "messages that a provider took"),
    tile("Delivered", words.number(total("delivered")), `${share("delivered", total("sent"))} of those sent, by receipt`),
    tile("Failed", words.number(total("failed")), "nobody took them", total("failed") ? "bad" : ""),
    tile("Dropped", words.number(total("dropped")), "not wanted any more"),
    ...(app ? [] : [tile("To hand-over", ...times(flow?.to_sent)), tile("To verified", ...times(flow?.to_verified))]),
  ];
}

function tile(name, value, note, kind = "") {
  return h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, note)));
}

export function charts(report, channel, app) {
  const { starts, window } = report;
  const flow = channel ? report.channels[channel] : report.everything;
  const none = starts.map(() => 0);
  const counts = (step) => flow?.counts[step] ?? none;
  const line = (name, kind, step = kind) => ({ name, kind, values: counts(step), whole: sum(counts(step)) });
  const common = { starts, moment: words.moment(window), running: words.RUNNING[window] };
  const conversion = starts.map((_, place) => ratio(counts("verified")[place], counts("started")[place]));
  return [
    chart({ ...common, id: "codes", title: "Codes", format: count, least: 4, lines: [line("Started", "started"), line("Verified", "verified")] }),
    chart({ ...common, id: "conversion", title: "Conversion", format: words.percent, lines: [
      { name: "Verified of started", kind: "verified", values: conversion, whole: ratio(sum(counts("verified")), sum(counts("started"))) },
    ] }),
    chart({ ...common, id: "messages", title: "Messages", format: count, least: 4, lines: [
      line("Sent", "sent"), line("Delivered", "delivered"), line("Failed", "failed"), line("Dropped", "dropped"),
    ] }),
    ...(app ? [] : durations(common, flow)),
  ];
}

function durations(common, flow) {
  const gaps = common.starts.map(() => null);
  const time = (times) => [
    { name: "Half within (p50)", kind: "p50", values: times?.p50 ?? gaps, whole: times?.whole_p50 ?? null },
    { name: "95 in 100 within (p95)", kind: "p95", values: times?.p95 ?? gaps, whole: times?.whole_p95 ?? null },
  ];
  return [
    chart({ ...common, id: "to-sent", title: "From request to hand-over", format: words.duration, least: 100, lines: time(flow?.to_sent) }),
    chart({ ...common, id: "to-verified", title: "From request to verified", format: words.duration, least: 1000, lines: time(flow?.to_verified) }),
  ];
}

/** The axis has halves, which are no counts. */
const count = (value) => words.number(value);

export function byChannel({ channels }) {
  return table(
    "By channel",
    ["Channel", "Over time", "#Started", "#Verified", "#Conversion"],
    Object.entries(channels).map(([channel, { counts }]) => {
      const [started, verified] = [sum(counts.started), sum(counts.verified)];
      return [words.CHANNELS[channel] ?? channel, sparkline(counts.started), words.number(started), words.number(verified), words.percent(ratio(verified, started))];
    }),
    "No code was asked for in this time.",
  );
}

export function byCountry({ countries }) {
  return table(
    "By country",
    ["Country", "Over time", "#Asked for", "#Verified", "#Conversion"],
    Object.entries(countries).map(([region, { requested, approved }]) => {
      const [all, verified] = [sum(requested), sum(approved)];
      return [words.country(region), sparkline(requested), words.number(all), words.number(verified), words.percent(ratio(verified, all))];
    }),
    "No code was asked for in this time.",
  );
}

export function bySender({ senders }) {
  return table(
    "By sender",
    ["Sender", "Over time", "#Accepted", "#Refused", "#Busy", "#No answer", "#No such recipient", "#Delivered", "#Undelivered"],
    Object.entries(senders).map(([name, results]) => [
      words.sender(name),
      sparkline(results.accepted),
      ...["accepted", "refused", "transient", "unknown", "invalid_recipient", "delivered", "undelivered"].map((result) => words.number(sum(results[result]))),
    ]),
    "No message was handed over in this time.",
  );
}

export function queue({ queue, workers }) {
  const busy = sum(workers.map(({ under_way }) => sum(Object.values(under_way))));
  const room = sum(workers.map(({ concurrency }) => concurrency));
  return [
    tile("In the queue", words.number(queue.waiting), queue.waiting ? `the first one for ${words.duration(queue.oldest_seconds === null ? null : queue.oldest_seconds * 1000)}` : "nothing waits", queue.oldest_seconds > SLOW_QUEUE_SECONDS ? "bad" : ""),
    tile("Unfinished", words.number(queue.unfinished), "also under way, or to be tried again"),
    tile("Under way", words.number(busy), `${words.number(room)} at once are possible`),
    tile("Workers", words.number(workers.length), workers.length ? "alive" : "no message is sent", workers.length ? "" : "bad"),
  ];
}

export function senders({ senders }) {
  return table(
    "Senders",
    ["Sender", "State", "Do"],
    senders.map(({ channel, name, status, failures, seconds }) => {
      const data = { "data-channel": channel, "data-name": name };
      const until = seconds === null ? "" : words.span(seconds * 1000);
      const more = { left_alone: `after ${words.counted(failures, "failure")} in a row; tried again in ${until}`, paused: `for ${until} more`, failing: `${words.counted(failures, "failure")} in a row` }[status];
      return [
        words.sender(`${channel}:${name}`),
        [badge({ in_use: "good", failing: "warn", left_alone: "bad", paused: "warn" }[status], words.SENDER_STATUS[status]), more && h("span", { class: "more" }, more)],
        h("div", { class: "actions" },
          button("Test", { "data-action": "test", ...data }, `${name}, ${words.CHANNELS[channel]}`),
          status === "paused"
            ? button("Resume", { "data-action": "resume", "data-key": "resume", ...data }, `${name}, ${words.CHANNELS[channel]}`)
            : button("Pause", { "data-action": "pause", "data-key": "pause", ...data }, `${name}, ${words.CHANNELS[channel]}`),
        ),
      ];
    }),
    "No sender is set up.",
  );
}

export function workers({ workers, now }) {
  return table(
    "Workers",
    ["Worker", "Does", "Runs for", "Heard"],
    workers.map(({ name, host, started_at, heard_seconds, concurrency, under_way }) => {
      const doing = Object.entries(under_way).map(([sender, n]) => `${n} by ${words.sender(sender)}`).join(", ");
      return [
        [h("b", {}, host), h("span", { class: "more" }, name.slice(0, 8))],
        doing || `Nothing; ready for ${words.number(concurrency)}`,
        words.span((now - started_at) * 1000),
        `${words.duration(heard_seconds * 1000)} ago`,
      ];
    }),
    "No worker is alive: no message is sent. Start one by python -m worker, or docker compose up.",
  );
}

export const failures = ({ failures }) => reasons("Why messages failed", failures, "No message failed.", words.error);
export const drops = ({ drops }) => reasons("Why messages were dropped", drops, "No message was dropped.", words.error);
export const refused = ({ refused }) => reasons("Rules that fired", refused, "No rule fired.", words.rule);

function reasons(title, rows, nothing, say) {
  const sorted = Object.entries(rows).map(([code, { count: values }]) => ({ code, values, all: sum(values) })).filter(({ all }) => all).sort((a, b) => b.all - a.all);
  return table(
    title,
    ["Reason", "Over time", "#Times"],
    sorted.map(({ code, values, all }) => {
      const text = say(code);
      return [[h("span", {}, text), text !== code && h("code", { class: "more" }, code)], sparkline(values), words.number(all)];
    }),
    nothing,
  );
}

export function refusals(refusals) {
  return table(
    "The latest refusals",
    ["Rule", "Reached", "Whose"],
    refusals.map((refusal) => [
      [h("span", {}, words.rule(refusal.rule)), h("span", { class: "more" }, words.stamp(refusal.at / 1000))],
      words.threshold(refusal),
      [subject(refusal), h("span", { class: "more" }, `app ${refusal.app}`)],
    ]),
    "Nothing was refused in the last day.",
  );
}

/** A tag says nothing to a person; the masked address does. */
function subject({ rule, to, subject }) {
  if (rule === "country" || rule === "guard_country") return `${words.country(subject)}, ${to}`;
  return [to, (rule.endsWith("range") || rule === "rate_limit") && subject].filter(Boolean).join(", ");
}

const GUARD_KINDS = { ok: "good", monitored: "warn", held: "bad", released: "good", exempt: "none" };

export function guarded(rows) {
  return table(
    "Pumping guard",
    ["Range or country", "#Sent", "#Verified", "#Share", "Actions"],
    rows.map(({ name, app, kind, subject, sent, verified, state, exempt_seconds: left }) => [
      [
        h("span", {}, words.guarded(kind, subject)), " ",
        badge(GUARD_KINDS[state], words.GUARD[state]),
        h("span", { class: "more" }, `app ${app}`, left !== null && `, exempt for ${words.span(left * 1000)} more`),
      ],
      words.number(sent),
      words.number(verified),
      words.percent(ratio(verified, sent)),
      guardActions(state, { "data-guard": name, "data-about": words.guarded(kind, subject) }),
    ]),
    "No message went out yet that the guard would look at.",
  );
}

function guardActions(state, data) {
  const action = (text, name) => button(text, { "data-action": name, "data-key": name, ...data }, data["data-about"]);
  return h("div", { class: "actions" },
    (state === "held" || state === "monitored") && action("Release", "release"),
    state === "exempt" ? action("End exemption", "endExemption") : action("Exempt", "exempt"),
  );
}

export function audit(entries) {
  return table(
    "Log",
    ["What", "About", "From"],
    entries.map(({ at, action, actor, ip, times, facts }) => [
      [h("span", {}, words.action(action) + (times > 1 ? `, ${times} times` : "")), h("span", { class: "more" }, words.stamp(at))],
      Object.entries(facts).map(([name, value]) => h("span", { class: "fact" }, `${name.replaceAll("_", " ")} `, h("code", {}, value))),
      ip || actor,
    ]),
    "Nothing was done yet.",
  );
}

export function badge(kind, text) {
  return h("span", { class: `badge-${kind}` }, text);
}

export function button(text, data, about) {
  return h("button", { class: "btn btn-outline-secondary btn-sm", type: "button", ...data }, text, about && h("span", { class: "visually-hidden" }, ` ${about}`));
}

/** A table; columns that begin with # hold numbers. Wide ones are scrolled in their own place. */
export function table(title, columns, rows, nothing) {
  if (!rows.length) return h("p", { class: "nothing" }, nothing);
  const cell = (column) => (column.startsWith("#") ? "number" : column === "Over time" ? "over-time" : null);
  return h("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    h("table", { class: "table" },
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: cell(column) }, column.replace("#", ""))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((content, place) =>
        place ? h("td", { class: cell(columns[place]) }, content) : h("th", { scope: "row" }, content))))),
    ),
  );
}
