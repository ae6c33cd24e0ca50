/** What the page shows: one state, changed by update(), shown by render(). */
import { $ } from "../lib/dom.js";
import { render } from "./render.js";

const page = document.body.dataset;

export const codeLength = Number(page.codeLength);
export const NO_ERROR = { where: "", text: "" };

/** How the service delivered the page: {step, kind, ended, error, note, verification, hosted, returnUrl, embedder}. */
export const arrived = JSON.parse(page.view);

export const state = {
  step: arrived.step, // off, address, code, approved, ended or away
  kind: arrived.kind,
  channel: null, // of the newest send
  address: null, // {phone} or {email} as it was typed: kept here only, never stored
  busy: "", // which request is under way: address, resend, ended (a send from there) or code
  error: arrived.error, // where: address, code, resend or ended
  note: arrived.note,
  blockedUntil: 0, // no send before then, says the service
  ended: arrived.ended, // one of the ends in the texts
  verification: null, // {id, to, channel, endsAt, life, resendAt, checksLeft, sendsLeft, tried, newest, delivery, next}
};

export function update(changes) {
  const { step } = state;
  Object.assign(state, changes);
  render(state);
  if (state.step !== step) focusStep();
}

export function fail(where, text) {
  update({ busy: "", error: { where, text } });
  const fields = { address: $(state.kind), code: $("code"), resend: $("code"), ended: $("ended-title") };
  if (fields[where]) focusOn(fields[where]);
}

export function focusStep() {
  const step = document.querySelector(`[data-step=${state.step}]`);
  document.title = `${step.querySelector("h1").textContent} – ${page.appName}`;
  focusOn({ address: $(state.kind), code: $("code") }[state.step] ?? step.querySelector("h1"));
}

export function focusOn(element) {
  element.focus();
  if (element.value) element.select();
}

export function announce(text) {
  $("announcer").textContent = text;
}
