/** The service's figures as elements. timeline.js has a recipient's. */
import { h } from "../lib/dom.js";
import { chart, sparkline } from "./chart.js";
import { badge, button, table } from "./elements.js";
import * as words from "./words.js";

const SLOW_QUEUE_SECONDS = 5;
const MANY_FAILURES = 0.1;

const sum = (values) => values.reduce((all, value) => all + value, 0);
const ratio = (part, whole) => (whole ? Math.min(1, part / whole) : null);

/** What needs the owner's attention. */
export function attention({ state, report, guarded, since }) {
  const found = [];
  const add = (kind, text, view) => found.push(h("li", { class: kind }, text, " ", h("a", { class: "text-reset fw-semibold", href: `#${view}` }, `Go to ${view}`)));
  const { queue, workers, senders } = state;
  if (!workers.length) add("bad", "No worker is running, so no messages are being sent. Start a worker.", "delivery");
  if (queue.oldest_seconds > SLOW_QUEUE_SECONDS) add("bad", `The queue is slow. The oldest message has been waiting for ${words.duration(queue.oldest_seconds * 1000)}.`, "delivery");
  for (const { channel, name, status, failures } of senders) {
    const sender = words.sender(`${channel}:${name}`);
    if (status === "left_alone") add("bad", `${sender} is skipped after ${words.counted(failures, "failure")} in a row.`, "delivery");
    if (status === "paused") add("warn", `${sender} is paused.`, "delivery");
  }
  const { failed, sent } = report.everything.counts;
  const failures = ratio(sum(failed), sum(failed) + sum(sent));
  if (failures > MANY_FAILURES) add("warn", `${words.percent(failures)} of messages failed ${since[0].toLowerCase()}${since.slice(1)}.`, "delivery");
  const suspect = guarded.filter((row) => row.state === "held" || row.state === "monitored").length;
  if (suspect) add("warn", `Suspected fraud in ${words.counted(suspect, "number range or country", "number ranges or countries")}.`, "protection");
  const waiting = queue.waiting ? `${words.counted(queue.waiting, "message")} in the queue` : "no messages in the queue";
  const good = h("li", { class: "good" }, `Everything is working: ${words.counted(workers.length, "worker")} running, ${waiting}.`);
  return h("ul", { class: "attention list-unstyled d-grid gap-2" }, found.length ? found : good);
}

/** If the report is for one `app`, it has no times: they are counted for all apps together. */
export function figures({ everything, channels }, channel, app) {
  const flow = channel ? channels[channel] : everything;
  const total = (step) => (flow ? sum(flow.counts[step]) : 0);
  const started = total("started");
  const share = (step, of) => words.percent(ratio(total(step), of));
  const times = (times) => (times ? [words.duration(times.whole_p50), `95% within ${words.duration(times.whole_p95)}`] : ["–", ""]);
  return [
    tile("Started", words.number(started), "new verifications"),
    tile("Verified", words.number(total("verified")), `${share("verified", started)} of started`, "good"),
    tile("Sent", words.number(total("sent")), "messages accepted by a provider"),
    tile("Delivered", words.number(total("delivered")), `${share("delivered", total("sent"))} of sent, confirmed by receipt`),
    tile("Failed", words.number(total("failed")), "not accepted by any provider", total("failed") ? "bad" : ""),
    tile("Dropped", words.number(total("dropped")), "no longer needed"),
    ...(app ? [] : [tile("Time to send", ...times(flow?.to_sent)), tile("Time to verify", ...times(flow?.to_verified))]),
  ];
}

function tile(name, value, note, kind = "") {
  return h("div", { class: `tile ${kind}` }, h("dt", { class: "fw-medium text-body-secondary" }, name), h("dd", { class: "mb-0" }, h("b", { class: "d-block fs-3 lh-sm" }, value), h("span", {}, note)));
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
    chart({ ...common, id: "codes", title: "Verifications", format: words.number, least: 4, lines: [line("Started", "started"), line("Verified", "verified")] }),
    chart({ ...common, id: "conversion", title: "Conversion rate", format: words.percent, lines: [
      { name: "Verified out of started", kind: "verified", values: conversion, whole: ratio(sum(counts("verified")), sum(counts("started"))) },
    ] }),
    chart({ ...common, id: "messages", title: "Messages", format: words.number, least: 4, lines: [
      line("Sent", "sent"), line("Delivered", "delivered"), line("Failed", "failed"), line("Dropped", "dropped"),
    ] }),
    ...(app ? [] : durations(common, flow)),
  ];
}

function durations(common, flow) {
  const gaps = common.starts.map(() => null);
  const time = (times) => [
    { name: "Median (p50)", kind: "p50", values: times?.p50 ?? gaps, whole: times?.whole_p50 ?? null },
    { name: "95th percentile (p95)", kind: "p95", values: times?.p95 ?? gaps, whole: times?.whole_p95 ?? null },
  ];
  return [
    chart({ ...common, id: "to-sent", title: "Time to send", format: words.duration, least: 100, lines: time(flow?.to_sent) }),
    chart({ ...common, id: "to-verified", title: "Time to verify", format: words.duration, least: 1000, lines: time(flow?.to_verified) }),
  ];
}

export function byChannel({ channels }) {
  return conversion("By channel", "Channel", "Started", Object.entries(channels).map(
    ([channel, { counts }]) => [words.CHANNELS[channel] ?? channel, counts.started, counts.verified]));
}

export function byCountry({ countries }) {
  return conversion("By country", "Country", "Requested", Object.entries(countries).map(
    ([region, { requested, approved }]) => [words.country(region), requested, approved]));
}

function conversion(title, column, begun, rows) {
  return table(
    title,
    [column, "Trend", `#${begun}`, "#Verified", "#Conversion"],
    rows.map(([name, values, verified]) => [
      name, sparkline(values), words.number(sum(values)), words.number(sum(verified)), words.percent(ratio(sum(verified), sum(values))),
    ]),
    "No codes were requested in this period.",
  );
}

export function bySender({ senders }) {
  return table(
    "By sender",
    ["Sender", "Trend", "#Accepted", "#Rejected", "#Temporary failure", "#No response", "#Invalid recipient", "#Unreachable", "#Delivered", "#Undelivered"],
    Object.entries(senders).map(([name, results]) => [
      words.sender(name),
      sparkline(results.accepted),
      ...["accepted", "refused", "transient", "unknown", "invalid_recipient", "unreachable", "delivered", "undelivered"].map((result) => words.number(sum(results[result]))),
    ]),
    "No messages were sent in this period.",
  );
}

export function queue({ queue, workers }) {
  const busy = sum(workers.map(({ under_way }) => sum(Object.values(under_way))));
  const room = sum(workers.map(({ concurrency }) => concurrency));
  return [
    tile("In the queue", words.number(queue.waiting), queue.waiting ? `oldest waiting ${words.duration(queue.oldest_seconds === null ? null : queue.oldest_seconds * 1000)}` : "empty", queue.oldest_seconds > SLOW_QUEUE_SECONDS ? "bad" : ""),
    tile("Unfinished", words.number(queue.unfinished), "queued, in progress or waiting to retry"),
    tile("In progress", words.number(busy), `up to ${words.number(room)} at a time`),
    tile("Workers", words.number(workers.length), workers.length ? "running" : "no messages are being sent", workers.length ? "" : "bad"),
  ];
}

export function senders({ senders }) {
  return table(
    "Senders",
    ["Sender", "State", "Actions"],
    senders.map(({ channel, name, status, failures, seconds }) => {
      const until = seconds === null ? "" : words.span(seconds * 1000);
      const more = { left_alone: `after ${words.counted(failures, "failure")} in a row; next try in ${until}`, paused: `${until} left`, failing: `${words.counted(failures, "failure")} in a row` }[status];
      return [
        words.sender(`${channel}:${name}`),
        [badge({ in_use: "good", failing: "warn", left_alone: "bad", paused: "warn" }[status], words.SENDER_STATUS[status]), more && h("span", { class: "more" }, more)],
        buttons(`${name}, ${words.CHANNELS[channel]}`, { "data-channel": channel, "data-name": name }, [
          ["Test", "test"],
          status === "paused" ? ["Resume", "resume"] : ["Pause", "pause"],
        ]),
      ];
    }),
    "No senders are set up.",
  );
}

export function workers({ workers, now }) {
  return table(
    "Workers",
    ["Worker", "Activity", "Uptime", "Last seen"],
    workers.map(({ name, host, started_at, heard_seconds, concurrency, under_way }) => {
      const doing = Object.entries(under_way).map(([sender, n]) => `${n} through ${words.sender(sender)}`).join(", ");
      return [
        [h("b", {}, host), h("span", { class: "more" }, name.slice(0, 8))],
        doing || `Idle, up to ${words.number(concurrency)} at a time`,
        words.span((now - started_at) * 1000),
        `${words.duration(heard_seconds * 1000)} ago`,
      ];
    }),
    "No worker is running, so no messages are being sent. Start one with python -m worker or docker compose up.",
  );
}

export const failures = ({ failures }) => reasons("Why messages failed", failures, "No messages failed.", words.error);
export const drops = ({ drops }) => reasons("Why messages were dropped", drops, "No messages were dropped.", words.error);
export const refused = ({ refused }) => reasons("Rules triggered", refused, "No rules were triggered.", words.rule);

function reasons(title, rows, nothing, say) {
  const sorted = Object.entries(rows).map(([code, { count: values }]) => ({ code, values, all: sum(values) })).filter(({ all }) => all).sort((a, b) => b.all - a.all);
  return table(
    title,
    ["Reason", "Trend", "#Count"],
    sorted.map(({ code, values, all }) => {
      const text = say(code);
      return [[h("span", {}, text), text !== code && h("code", { class: "more" }, code)], sparkline(values), words.number(all)];
    }),
    nothing,
  );
}

export function refusals(refusals) {
  return table(
    "Recent blocked requests",
    ["Rule", "Limit", "Recipient"],
    refusals.map((refusal) => [
      [h("span", {}, words.rule(refusal.rule)), h("span", { class: "more" }, words.stamp(refusal.at / 1000))],
      words.threshold(refusal),
      [subject(refusal), h("span", { class: "more" }, `app ${refusal.app}`)],
    ]),
    "No requests were blocked in the last 24 hours.",
  );
}

/** What was refused, except tags, which tell a person nothing. */
function subject({ rule, to, subject }) {
  if (rule === "country" || rule === "guard_country") return `${words.country(subject)}, ${to}`;
  return [to, (rule.endsWith("range") || rule === "rate_limit") && subject].filter(Boolean).join(", ");
}

const GUARD_KINDS = { ok: "good", monitored: "warn", held: "bad", released: "good", exempt: "none" };

export function guarded(rows) {
  return table(
    "SMS pumping guard",
    ["Number range or country", "#Sent", "#Verified", "#Conversion rate", "Actions"],
    rows.map(({ name, app, kind, subject, sent, verified, state, exempt_seconds: left }) => [
      [
        h("span", {}, words.guarded(kind, subject)), " ",
        badge(GUARD_KINDS[state], words.GUARD[state]),
        h("span", { class: "more" }, `app ${app}`, left !== null && `, exempt for another ${words.span(left * 1000)}`),
      ],
      words.number(sent),
      words.number(verified),
      words.percent(ratio(verified, sent)),
      buttons(words.guarded(kind, subject), { "data-guard": name, "data-about": words.guarded(kind, subject) }, [
        (state === "held" || state === "monitored") && ["Release", "release"],
        state === "exempt" ? ["End exemption", "endExemption"] : ["Exempt", "exempt"],
      ]),
    ]),
    "The guard has not counted any messages yet.",
  );
}

/** A button for each [text, action]. Screen readers also get what it is about. */
function buttons(about, data, actions) {
  const all = actions.filter(Boolean).map(([text, action]) => button(text, { "data-action": action, "data-key": action, ...data }, about));
  return h("div", { class: "d-flex flex-wrap align-items-center gap-2" }, all);
}

export function events(events) {
  return table(
    "Events",
    ["Event", "About", "Answer", "Actions"],
    events.map(({ id, app, type, at, data, attempts, answer, result }) => [
      [h("code", {}, type), h("span", { class: "more" }, words.stamp(at))],
      [data.to, h("span", { class: "more" }, `app ${app}`)],
      [
        badge({ delivered: "good", failed: "warn", given_up: "bad" }[result] ?? "none", words.EVENT_RESULT[result] ?? "Waiting"),
        answer && h("span", { class: "more" }, `${answer}, ${words.counted(attempts, "attempt")}`),
      ],
      buttons(`${type}, ${words.stamp(at)}`, { "data-event": id }, [["Send again", "resendEvent"]]),
    ]),
    "No app gets events, or nothing has happened yet.",
  );
}

export function sessions(sessions) {
  return [
    table(
      "Sessions",
      ["Who", "Since", "IP address"],
      sessions.map(({ actor, began, ip, is_mine }) => [words.actor(actor), [words.stamp(began), is_mine && h("span", { class: "more" }, "this browser")], ip]),
      "No one is logged in.",
    ),
    sessions.length > 1 && h("p", { class: "mt-3 mb-0" }, button("Log out all others", { "data-action": "endSessions" })),
  ];
}

export function audit(entries) {
  return table(
    "Activity",
    ["Action", "Details", "Who"],
    entries.map(({ at, action, actor, ip, times, facts }) => [
      [h("span", {}, words.action(action) + (times > 1 ? `, ${times} times` : "")), h("span", { class: "more" }, words.stamp(at))],
      Object.entries(facts).map(([name, value]) => h("span", { class: "me-3" }, `${name.replaceAll("_", " ")} `, h("code", {}, value))),
      [h("span", {}, words.actor(actor)), ip && h("span", { class: "more" }, ip)],
    ]),
    "No activity yet.",
  );
}
