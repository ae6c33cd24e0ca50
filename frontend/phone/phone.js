/** /phone: shows what the console sender sent, and tells the carrier what to do next. */

import { call } from "../lib/api.js";
import { $, all, h, show, write } from "../lib/dom.js";

const LOOK_EVERY_MS = 1000;
const MOST_PAST = 8;

const CHANNELS = { sms: "Messages", whatsapp: "WhatsApp", telegram: "Telegram", call: "Phone call (transcript)", email: "Email" };
const BY = { sms: "SMS", whatsapp: "WhatsApp message", telegram: "Telegram message", call: "Phone call", email: "Email" };
const DID = {
  deliver: () => "delivered",
  delay: (message) => (message.appeared ? "delivered late" : "on its way (takes 20 seconds)"),
  lose: () => "lost without a report",
  refuse: () => "rejected",
  unreachable: () => "rejected: not on this channel",
  fail: () => "accepted, then reported as undelivered",
};

const TROUBLE = { unreachable: "Can’t reach the service. Trying again…", unexpected: "Something went wrong. Trying again…" };
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exactly = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });

// The answer to a look that began before the carrier was told something is out of date.
let told = 0;
let telling = 0;

async function look() {
  const toldBefore = told;
  try {
    const { carrier, messages } = await call("GET", "phone/messages");
    showMessages(messages.filter((message) => message.appeared));
    showPast(messages.slice(0, MOST_PAST));
    if (!telling && told === toldBefore) choose(carrier);
    write($("trouble"), "");
  } catch (problem) {
    write($("trouble"), TROUBLE[problem.code] ?? problem.message);
  }
  showTime();
  setTimeout(look, LOOK_EVERY_MS);
}

async function tell(carrier) {
  telling += 1;
  try {
    await call("POST", "phone/carrier", { carrier });
    write($("trouble"), "");
  } catch (problem) {
    write($("trouble"), TROUBLE[problem.code] ?? problem.message);
  } finally {
    telling -= 1;
    told += 1;
  }
}

function choose(carrier) {
  for (const radio of all("[name=carrier]")) radio.checked = radio.value === carrier;
}

function showMessages(messages) {
  const list = $("messages");
  $("empty").hidden = messages.length > 0;
  const fresh = new Set(messages.map(({ id }) => id));
  for (const old of [...list.children]) if (!fresh.delete(old.dataset.id)) old.remove();
  // The oldest first, so that each goes above those that were there.
  for (const message of messages.toReversed()) if (fresh.has(message.id)) list.prepend(messageElement(message));
  const steps = new Map(messages.map(({ id, step }) => [id, stepOf(step)]));
  for (const item of list.children) write(item.querySelector(".step"), steps.get(item.dataset.id));
}

/** Which step of a workflow a message is, and what follows it when. */
function stepOf(step) {
  if (!step) return "";
  const { number, of, next } = step;
  const follows = next ? `. Next: ${BY[next.channel]} at ${exactly.format(new Date(next.at))}` : "";
  return `Step ${number} of ${of}${follows}`;
}

function messageElement({ id, channel, at, to, locale, subject, text, code }) {
  const button = h("button", { class: "btn btn-outline-secondary w-100 fw-semibold", type: "button" }, `Copy ${code}`);
  button.addEventListener("click", () => copy(button, code));
  return h("li", { class: "message", "data-id": id, "data-channel": channel },
    h("div", { class: "d-flex gap-2 align-items-center small fw-semibold" },
      h("span", { class: "app" }, h("svg", { "aria-hidden": "true" }, h("use", { href: `#${channel}` }))),
      h("span", {}, CHANNELS[channel]),
      h("time", { class: "ms-auto fw-normal text-body-secondary", datetime: at }, clock.format(new Date(at))),
    ),
    h("p", { class: "m-0 small text-body-secondary" }, `To ${to}`),
    h("p", { class: "step m-0 small text-body-secondary" }),
    h("div", { class: "words my-2 text-break", lang: locale },
      channel === "email" && h("p", { class: "fw-semibold" }, subject),
      h("p", { class: "text" }, text),
    ),
    code && button,
  );
}

/** Copies the code, or selects it where the browser lets no page copy (without HTTPS, on another machine). */
async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code);
    button.textContent = `Copied ${code}`;
  } catch {
    button.textContent = code;
    window.getSelection().selectAllChildren(button);
  }
}

function showPast(messages) {
  $("nothing-yet").hidden = messages.length > 0;
  show($("past"), messages.map((message) => {
    const did = DID[message.carrier]?.(message) ?? "accepted while this page was closed";
    const text = `${clock.format(new Date(message.at))} ${BY[message.channel]} to ${message.to}: ${did}`;
    return h("li", { "data-carrier": message.carrier }, text);
  }));
}

function showTime() {
  const now = new Date();
  for (const time of all(".time")) write(time, clock.format(now));
  write(document.querySelector(".date"), day.format(now));
}

document.querySelector("form").addEventListener("change", (event) => tell(event.target.value));
look();
