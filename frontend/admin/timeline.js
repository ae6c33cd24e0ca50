/** A recipient's verifications, and the events of each. */
import { h } from "../lib/dom.js";
import { badge, button } from "./elements.js";
import * as words from "./words.js";

const KIND = { pending: "warn", approved: "good", canceled: "none", expired: "none", max_attempts_reached: "bad" };
const SHOWN = 3;

/** `revealed` maps verifications to their full addresses, or to null if none is stored. */
export function trace(found, revealed) {
  const { to, verifications, held, refusals } = found;
  return [
    h("p", { class: "mb-0" },
      h("strong", { class: "text-break" }, to), " ",
      verifications.length ? `${words.counted(verifications.length, "verification")} on record` : "",
    ),
    !verifications.length && h("p", { class: "hint" }, to.startsWith("VE")
      ? "No records for this verification. Check the ID. Records are deleted some time after the code expires."
      : "No records for this recipient. Either no code was requested, or the records have been deleted."),
    held.length > 0 && heldBack(held),
    refusals.length > 0 && refusedTo(to, refusals),
    verifications.map((verification, place) => card(verification, place < SHOWN, revealed)),
  ];
}

function heldBack(held) {
  const text = held.map(({ app, wrong_codes: wrong, sends }) => {
    const counted = [wrong && words.counted(wrong, "incorrect code"), sends && words.counted(sends, "message")].filter(Boolean);
    return `${counted.join(" and ")} (app ${app})`;
  });
  return h("div", { class: "panel held d-flex flex-wrap align-items-center gap-3" },
    h("p", { class: "flex-fill m-0" }, `Counted toward this recipient’s limits: ${text.join("; ")}. If the limits block a legitimate person, reset them.`),
    button("Reset limits", { "data-action": "unblock" }, "for this recipient"),
  );
}

function refusedTo(to, refusals) {
  return h("div", { class: "panel" },
    h("h2", {}, "Recently blocked"),
    h("p", { class: "hint" }, `Requests for ${to}, or for another recipient that looks the same when masked.`),
    h("ul", { class: "mb-0 ps-3" }, refusals.map((refusal) => h("li", {},
      h("time", {}, words.stamp(refusal.at / 1000)), " ",
      [words.rule(refusal.rule), words.threshold(refusal)].filter(Boolean).join(": "),
      ` (app ${refusal.app})`))),
  );
}

function card(verification, isOpen, revealed) {
  const { verification_id: id, status, channel, app, created_at, expires_at, country, checks_left, events, clear, test, code_from, checked_here } = verification;
  const data = { "data-verification": id };
  return h("article", { class: "panel verification", "data-key": id },
    h("header", {},
      h("h2", {}, words.stamp(created_at), " ", badge(KIND[status] ?? "none", words.STATUS[status] ?? status)),
      h("p", { class: "hint d-flex flex-wrap column-gap-3 mb-0" },
        h("span", {}, words.CHANNELS[channel] ?? channel),
        h("span", {}, `app ${app}`),
        test && h("span", {}, "test number, no message sent"),
        code_from === "caller" && h("span", {}, checked_here ? "code made by the caller" : "code made and checked by the caller"),
        country && country !== "none" && h("span", {}, words.country(country)),
        status === "pending" && h("span", {}, [`expires at ${words.time(expires_at)}`, checked_here && `${words.counted(checks_left, "check")} left`].filter(Boolean).join(", ")),
        h("code", {}, id),
      ),
    ),
    h("details", { open: isOpen },
      h("summary", {}, words.counted(events.length, "event")),
      h("ol", { class: "events list-unstyled mt-2 mb-0" }, events.map((event) => item(event, created_at))),
    ),
    h("div", { class: "d-flex flex-wrap align-items-center gap-2 mt-3" },
      id in revealed
        ? h("p", { class: "m-0", role: "status" }, revealed[id] ? ["Full address: ", h("strong", {}, revealed[id])] : "The full address is no longer stored.")
        : clear
          ? button("Show full address", { "data-action": "reveal", "data-key": "reveal", ...data }, "(recorded in the activity log)")
          : h("p", { class: "m-0" }, "The full address is no longer stored."),
      status === "pending" && button("Cancel verification", { "data-action": "cancel", "data-key": "cancel", ...data }),
    ),
  );
}

function item({ at, kind, facts }, begin) {
  const [color, text, ...more] = SAY[kind](facts);
  return h("li", { class: color },
    h("p", { class: "when" },
      at ? h("time", { datetime: new Date(at * 1000).toISOString() }, words.exactTime(at)) : h("span", {}, "–"),
      at > begin && h("span", { class: "after text-nowrap" }, `+${words.duration((at - begin) * 1000)}`),
    ),
    h("div", { class: "what" }, h("p", {}, text), more.filter(Boolean).map((line) => h("p", { class: "more" }, line))),
  );
}

const provider = (id) => id && ["Provider ID ", h("code", {}, id)];
const reason = (code) => code && [words.error(code), " ", words.error(code) !== code && h("code", {}, code)];


const by = (channel) => words.CHANNELS[channel] ?? channel;

function requested({ send, channel, step }) {
  if (send === 1) return `Code requested by ${by(channel)}`;
  return `${step ? `Step ${step} of the workflow started` : "Code requested again"} (message ${send}, ${by(channel)})`;
}

/** For each kind of event: its color, its text and more lines. */
const SAY = {
  asked: ({ locale, only, ...facts }) => [
    "none",
    requested(facts),
    [
      facts.send === 1 && facts.step && `Step ${facts.step} of the workflow`,
      locale && `Language ${locale}`,
      only && `test through ${only} only`,
    ].filter(Boolean).join(", "),
  ],
  skipped: ({ step, channel, reason: why }) => ["warn", `Step ${step} of the workflow skipped (${by(channel)})`, words.rule(why)],
  next: ({ step, channel }) => ["none", `Next: step ${step} of the workflow (${by(channel)})`],
  claimed: ({ send, waited_ms: waited }) => ["none", `A worker picked up message ${send}`, waited === null ? null : `Queued for ${words.duration(waited)}`],
  attempt: ({ send, attempt, sender, route, result, error, provider_id: id, took_ms: took }) => [
    { accepted: "good", unknown: "warn", transient: "warn" }[result] ?? "bad",
    [h("b", {}, sender), ` ${words.RESULT[result] ?? result}`, attempt > 1 && ` (message ${send}, attempt ${attempt})`],
    reason(error),
    [route && `Route ${route}`, took !== null && `Took ${words.duration(took)}`].filter(Boolean).join(", "),
    provider(id),
  ],
  receipt: ({ sender, outcome, error }) => [
    outcome === "delivered" ? "good" : "bad",
    [h("b", {}, sender), outcome === "delivered" ? " reported the message as delivered" : " reported the message as undelivered"],
    reason(error),
  ],
  send: ({ send, status, reason: why, again_at: again }) => [
    { failed: "bad", queued: "warn", sending: "warn" }[status] ?? "none",
    {
      queued: again ? `Message ${send} will be retried at ${words.exactTime(again)}` : `Message ${send} is waiting for a worker`,
      sending: `Message ${send} is being sent`,
      failed: `Message ${send} failed permanently`,
      dropped: `Message ${send} was dropped`,
    }[status] ?? `Message ${send}: ${status}`,
    reason(why),
  ],
  check: ({ result }) => (result === "approved" ? ["good", "Correct code entered: verified"] : ["bad", "Incorrect code entered"]),
  approved: () => ["good", "The app marked the verification as approved"],
  canceled: () => ["none", "The verification was canceled"],
  expired: () => ["none", "The code expired"],
};
