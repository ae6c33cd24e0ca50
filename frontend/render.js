/** Makes the page say what the state says. */
import * as words from "./words.js";

const $ = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);

export function render(state) {
  for (const step of all("[data-step]")) step.hidden = step.dataset.step !== state.step;
  for (const where of ["address", "loading", "code", "resend", "ended"]) {
    write($(`${where}-error`), state.error.where === where ? state.error.text : "");
  }
  renderAddress(state);
  if (state.step === "ended") renderEnded(state);
  if (state.verification?.to) renderVerification(state);
}

function renderAddress(state) {
  for (const part of all("[data-kind]")) part.hidden = part.dataset.kind !== state.kind;
  for (const input of all("#phone, #email")) markInvalid(input, state.error.where === "address");
  for (const radio of all("[name=kind]")) radio.checked = radio.value === state.kind;
  write($("address-note"), state.note);
  renderSend($("send"), "Send code", state.busy === "address", state.blockedUntil);
  $("have-code").hidden = !(state.verification?.endsAt > Date.now());
}

function renderVerification(state) {
  const { verification, busy } = state;
  for (const place of all("[data-to]")) write(place, verification.to);
  write($("code-by"), words.BY_CHANNEL[verification.channel]);
  write($("change"), words.CHANGE[state.kind]);
  write($("delivery"), words.delivery(verification.delivery));
  $("delivery").dataset.status = verification.delivery?.status ?? "";

  markInvalid($("code"), state.error.where === "code");
  const left = Math.max(0, verification.endsAt - Date.now());
  write($("life-left"), words.duration(left));
  $("life").value = left / verification.life;
  write($("checks-left"), words.triesLeft(verification.checksLeft));
  write($("verify"), busy === "code" ? "Checking…" : "Verify");
  $("verify").disabled = Boolean(busy);

  write($("sends-left"), words.sendsLeft(verification.sendsLeft));
  renderSend($("resend"), "Send again", busy === "resend", verification.resendAt);
  for (const button of all("[data-action=resend]")) {
    button.disabled = Boolean(busy) || !verification.sendsLeft || verification.resendAt > Date.now();
    const { channel } = button.dataset;
    if (channel) button.hidden = verification.channel === "email" || verification.channel === channel;
  }
}

function renderEnded(state) {
  const [title, text] = words.ENDED[state.ended];
  write($("ended-title"), title);
  write($("ended-text"), text);
  renderSend($("again"), "Get a new code", state.busy === "ended", state.blockedUntil);
}

/** A button that sends says how long the service wants it to wait, and waits. */
function renderSend(button, label, isSending, notBefore) {
  const wait = notBefore - Date.now();
  write(button, isSending ? "Sending…" : wait > 0 ? `${label} in ${words.duration(wait)}` : label);
  button.disabled = isSending || wait > 0;
}

function markInvalid(input, isInvalid) {
  input.setAttribute("aria-invalid", String(isInvalid));
}

/** Unchanged text is left alone: a screen reader would read it out again. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
