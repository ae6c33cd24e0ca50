/** Makes the page say what the state says. */
import { $, all, h, show, write } from "../lib/dom.js";
import * as words from "./words.js";

const { texts } = words;

export function render(state) {
  for (const step of all("[data-step]")) step.hidden = step.dataset.step !== state.step;
  for (const where of ["address", "code", "resend", "ended"]) {
    write($(`${where}-error`), state.error.where === where ? state.error.text : "");
  }
  write($("note"), state.note);
  if ($("address-step")) renderAddress(state);
  if (state.step === "ended") renderEnded(state);
  if (state.verification) renderVerification(state);
}

function renderAddress(state) {
  for (const input of all("#phone, #email")) markInvalid(input, state.error.where === "address");
  // The service's error replaces the hint.
  if ($("phone-doubt")) $("phone-doubt").hidden = state.error.where === "address";
  for (const radio of all("[name=kind]")) radio.checked = radio.value === state.kind;
  renderSend($("send"), texts.address.send, state.busy === "address", state.blockedUntil);
  $("back").hidden = !(state.verification?.endsAt > Date.now());
}

function renderVerification(state) {
  const { verification, busy } = state;
  writeTo($("to"), texts.code[`to_${verification.channel}`], verification.to);
  writeTo($("approved-to"), texts.approved.text, verification.to);
  write($("change"), texts.code[`change_${state.kind}`]);

  for (const button of all(".others button")) button.hidden = !isAnotherWay(button, verification);
  write($("delivery"), verification.delivery);
  $("delivery").dataset.status = verification.newest?.status ?? "";
  $("code-step").classList.toggle("failed", hasFailed(verification));

  markInvalid($("code"), state.error.where === "code");
  const left = Math.max(0, verification.endsAt - Date.now());
  write($("life-left"), words.fill(texts.code.life, { time: words.duration(left) }));
  $("life").value = left / verification.life;
  write($("checks-left"), words.fill(texts.code.checks_left, { count: verification.checksLeft }));
  write($("verify"), busy === "code" ? texts.code.verifying : texts.code.verify);
  $("verify").disabled = Boolean(busy);

  write($("sends-left"), words.fill(texts.code.sends_left, { count: verification.sendsLeft }));
  renderNext(verification);
  renderSend($("resend"), texts.code.resend, busy === "resend", verification.resendAt);
  for (const button of all("[data-action=resend]")) {
    button.disabled = Boolean(busy) || !mayUse(button, verification);
  }
}

function hasFailed({ newest }) {
  return ["undelivered", "failed"].includes(newest?.status);
}

/** The next step of a workflow and its button, which starts it now. */
function renderNext({ next, sendsLeft }) {
  $("next").hidden = !next || sendsLeft === 0;
  if (!next) return;
  write($("next-in"), words.fill(texts.code[`next_${next.channel}`], { time: words.clock(next.at - Date.now()) }));
  $("get-now").dataset.channel = next.channel;
}

/**
 * Whether a button that sends can be used now. An untried channel does not wait if it is the next step of a workflow, or after
 * a failed send.
 */
function mayUse(button, verification) {
  const { channel, tried, resendAt, sendsLeft } = verification;
  const isUntried = !tried.includes(button.dataset.channel ?? channel);
  const isUrgent = hasFailed(verification) || isNext(button, verification);
  return sendsLeft > 0 && ((isUntried && isUrgent) || resendAt <= Date.now());
}

function isNext({ dataset }, { channel, next }) {
  return next?.channel === (dataset.channel ?? channel);
}

/** The next step has its own button. */
function isAnotherWay(button, verification) {
  const { channel } = verification;
  return channel !== "email" && button.dataset.channel !== channel && !isNext(button, verification);
}

function renderEnded(state) {
  write($("ended-title"), texts.ended[`${state.ended}_title`]);
  write($("ended-text"), texts.ended[state.ended]);
  if ($("again")) renderSend($("again"), texts.ended.again, state.busy === "ended", state.blockedUntil);
}

/** A button that sends waits as long as the service demands, and says so. */
function renderSend(button, action, isSending, notBefore) {
  const wait = notBefore - Date.now();
  const later = words.fill(texts.later, { action, time: words.duration(wait) });
  write(button, isSending ? texts.address.sending : wait > 0 ? later : action);
  button.disabled = isSending || wait > 0;
}

function markInvalid(input, isInvalid) {
  input.setAttribute("aria-invalid", String(isInvalid));
}

/** A sentence about {to}, which stands out and is read from left to right in every language. */
function writeTo(element, sentence, to) {
  const [before, after] = sentence.split("{to}");
  show(element, before, h("strong", { class: "address text-body text-break", dir: "ltr" }, to), after);
}
