/** /phone: shows what the console sender has sent, and tells the carrier what to do next. */

import { call } from "../lib/api.js";
import { $, all, write } from "../lib/dom.js";

const LOOK_EVERY_MS = 1000;
const MOST_PAST = 8;

const CHANNELS = { sms: "Messages", whatsapp: "WhatsApp", call: "Phone call (transcript)", email: "Email" };
const BY = { sms: "SMS", whatsapp: "WhatsApp message", call: "Phone call", email: "Email" };
const DID = {
  deliver: () => "delivered",
  delay: (message) => (message.appeared ? "delivered late" : "on its way (takes 20 seconds)"),
  lose: () => "lost without a report",
  refuse: () => "rejected",
  fail: () => "accepted, then reported as undelivered",
};

const TROUBLE = { unreachable: "Can’t reach the service. Trying again…", unexpected: "Something went wrong. Trying again…" };
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });

// A look that began before the carrier had been told something does not know of it.
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
  keepOnly(list, messages);
  // The oldest first, so that each is put before those that were there.
  for (const message of messages.toReversed()) {
    if (!elementOf(list, message)) list.prepend(messageElement(message));
  }
}

function messageElement(message) {
  const element = $("message").content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(name);
  element.dataset.id = message.id;
  element.dataset.channel = message.channel;
  part("use").setAttribute("href", `#${message.channel}`);
  part(".channel").textContent = CHANNELS[message.channel];
  part("time").textContent = clock.format(new Date(message.at));
  part("time").dateTime = message.at;
  part(".to").textContent = `To ${message.to}`;
  part(".words").lang = message.locale;
  part(".subject").textContent = message.channel === "email" ? message.subject : "";
  part(".text").textContent = message.text;
  part(".copy").hidden = !message.code;
  part(".copy").textContent = `Copy ${message.code}`;
  part(".copy").addEventListener("click", (event) => copy(event.currentTarget, message.code));
  return element;
}

/** Where the browser lets no page copy (not over HTTPS, nor on this machine), the code is selected. */
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
  const list = $("past");
  $("nothing-yet").hidden = messages.length > 0;
  keepOnly(list, messages);
  for (const message of messages.toReversed()) {
    let element = elementOf(list, message);
    if (!element) {
      element = document.createElement("li");
      element.dataset.id = message.id;
      element.dataset.carrier = message.carrier ?? "";
      list.prepend(element);
    }
    const did = DID[message.carrier]?.(message) ?? "accepted while this page was closed";
    write(element, `${clock.format(new Date(message.at))} ${BY[message.channel]} to ${message.to}: ${did}`);
  }
}

function showTime() {
  const now = new Date();
  for (const time of all(".time")) write(time, clock.format(now));
  write(document.querySelector(".date"), day.format(now));
}

function elementOf(list, message) {
  return list.querySelector(`[data-id="${message.id}"]`);
}

function keepOnly(list, messages) {
  const ids = new Set(messages.map((message) => message.id));
  for (const element of [...list.children]) if (!ids.has(element.dataset.id)) element.remove();
}

document.querySelector("form").addEventListener("change", (event) => tell(event.target.value));
look();
