/**
 * The page of the OTP service: every event and every answer changes one state by update(), and
 * render() makes the page say what the state says. words.js has the texts, api.js the requests.
 */
import { Problem, call } from "./api.js";
import { render } from "./render.js";
import * as words from "./words.js";

const POLL_MOVING_MS = 1500; // while the newest send is under way
const POLL_RESTING_MS = 5000;
const TICK_MS = 500;
const STORAGE_KEY = "otp.verification";
const NO_ERROR = { where: "", text: "" };

const $ = (id) => document.getElementById(id);
const codeLength = Number(document.body.dataset.codeLength);
const phoneChannels = document.body.dataset.channels.split(" ").filter((name) => name !== "email");

const state = {
  step: "address", // address, loading, code, approved or ended
  kind: phoneChannels.length ? "phone" : "email",
  channel: phoneChannels[0] ?? "email", // of the newest send
  address: null, // {phone} or {email} as it was typed: kept here only, never stored
  busy: "", // which request is under way: address, resend, ended (a send from there) or code
  error: NO_ERROR, // where: address, loading, code, resend or ended
  note: "",
  blockedUntil: 0, // no send before then, says the service
  ended: "", // which of words.ENDED
  verification: null, // {id, to, channel, endsAt, life, resendAt, checksLeft, sendsLeft, delivery}
};

function update(changes) {
  const { step } = state;
  Object.assign(state, changes);
  render(state);
  if (state.step !== step) focusStep();
}

function focusStep() {
  const step = document.querySelector(`[data-step=${state.step}]`);
  document.title = `${step.querySelector("h1").textContent} – ${document.body.dataset.appName}`;
  focusOn({ address: $(state.kind), code: $("code") }[state.step] ?? step.querySelector("h1"));
}

function focusOn(element) {
  element.focus();
  if (element.value) element.select();
}

function fail(where, text) {
  update({ busy: "", error: { where, text } });
  const fields = { address: $(state.kind), code: $("code"), resend: $("code"), ended: $("ended-title") };
  if (fields[where]) focusOn(fields[where]);
}

function announce(text) {
  $("announcer").textContent = text;
}

async function send(where, channel) {
  if (state.busy) return;
  const body = state.address.phone ? { ...state.address, channel } : state.address;
  update({ busy: where, channel, error: NO_ERROR, note: "" });
  try {
    started(await call("POST", "generate-otp", body));
  } catch (problem) {
    sendRefused(where, asProblem(problem));
  }
}

function started(answer) {
  const old = state.verification;
  const isNew = old?.id !== answer.verification_id;
  if (old && isNew) cancel(old.id);
  if (isNew) $("code").value = "";

  const now = Date.now();
  const life = answer.expires_in * 1000;
  sessionStorage.setItem(STORAGE_KEY, answer.verification_id);
  update({
    step: "code",
    kind: kindOf(answer.channel),
    busy: "",
    blockedUntil: 0,
    verification: {
      id: answer.verification_id,
      to: answer.to,
      channel: answer.channel,
      endsAt: now + life,
      life: isNew ? life : Math.max(life, old.life),
      resendAt: now + (answer.resend_in ?? 0) * 1000,
      checksLeft: answer.checks_left,
      sendsLeft: answer.sends_left,
      delivery: { status: "queued", channel: answer.channel },
    },
  });
  focusOn($("code"));
  announce(words.onItsWay(answer.to, life));
  fillFromSms();
  look();
}

/** The code that went to a mistyped address should not work for whoever reads it there. */
function cancel(id) {
  call("DELETE", `verifications/${id}`).catch(() => {}); // It may have ended by itself.
}

function sendRefused(where, problem) {
  const until = Date.now() + problem.retryAfterSeconds * 1000;
  if (problem.status === 429 && where === "resend") state.verification.resendAt = until;
  else if (problem.status === 429) state.blockedUntil = until;
  fail(where, words.refusal(problem));
}

async function check(otp) {
  update({ busy: "code", error: NO_ERROR });
  try {
    const { id } = state.verification;
    await call("POST", "verify-otp", { verification_id: id, otp });
    approved();
  } catch (problem) {
    checkRefused(asProblem(problem));
  }
}

function checkRefused(problem) {
  if (problem.code === "verification_not_found") {
    update({ busy: "" });
    return look(); // It knows which end it was; and whether the answer to a right code got lost.
  }
  if (problem.code === "too_many_checks" || problem.checks_left === 0) {
    return ended("max_attempts_reached", problem.retryAfterSeconds);
  }
  if (problem.code !== "incorrect_code") return fail("code", words.refusal(problem));
  state.verification.checksLeft = problem.checks_left;
  fail("code", words.wrongCode(problem.checks_left));
}

function approved() {
  sessionStorage.removeItem(STORAGE_KEY);
  update({ step: "approved", busy: "", error: NO_ERROR });
}

function ended(how, retryAfterSeconds = 0) {
  sessionStorage.removeItem(STORAGE_KEY);
  const blockedUntil = Math.max(Date.now() + retryAfterSeconds * 1000, state.verification.resendAt ?? 0);
  update({ step: "ended", ended: how, busy: "", error: NO_ERROR, verification: null, blockedUntil });
}

let turn = 0;
let nextLook;

/** Asks what became of the message and of the verification; and again, as long as it matters. */
async function look() {
  clearTimeout(nextLook);
  const mine = ++turn;
  const matters = () => mine === turn && isWaiting();
  if (!matters() || document.hidden) return;
  try {
    const answer = await call("GET", `verifications/${state.verification.id}`);
    if (matters() && !state.busy) learn(answer);
  } catch (problem) {
    if (matters() && !state.busy) lookRefused(asProblem(problem));
  }
  if (!matters()) return;
  const moving = ["queued", "sending"].includes(state.verification.delivery?.status);
  nextLook = setTimeout(look, moving ? POLL_MOVING_MS : POLL_RESTING_MS);
}

function lookRefused({ code }) {
  if (code === "verification_not_found") ended("not_found");
  else if (state.step === "loading") fail("loading", words.RESTORING);
}

function isWaiting() {
  return state.step === "loading" || state.step === "code";
}

function learn(answer) {
  const verification = {
    endsAt: Date.now() + answer.expires_in * 1000,
    life: Date.parse(answer.expires_at) - Date.parse(answer.created_at),
    resendAt: Date.now() + answer.resend_in * 1000,
    ...state.verification, // What is known keeps its place: whole seconds would make the clocks jump.
    to: answer.to,
    channel: answer.channel,
    checksLeft: answer.checks_left,
    sendsLeft: answer.sends_left,
    delivery: answer.sends.at(-1),
  };
  if (answer.status === "approved") {
    state.verification = verification;
    approved();
  } else if (answer.status !== "pending") {
    ended(answer.status);
  } else {
    update({ step: "code", kind: kindOf(answer.channel), verification });
  }
}

function kindOf(channel) {
  return channel === "email" ? "email" : "phone";
}

let lastTick = Date.now();

function tick() {
  const now = Date.now();
  const passed = (moment) => lastTick < moment && moment <= now;
  const { verification } = state;
  if (state.step === "code") {
    if (verification.endsAt <= now && !state.busy) ended("expired");
    else if (passed(verification.endsAt - 60_000)) announce(words.LAST_MINUTE);
    else if (passed(verification.resendAt) && verification.sendsLeft) announce(words.MAY_RESEND);
  }
  lastTick = now;
  render(state);
}

let smsWait = new AbortController();

/** WebOTP: where the browser can read the SMS it offers to fill in the code. */
async function fillFromSms() {
  if (!("OTPCredential" in window)) return;
  smsWait.abort();
  smsWait = new AbortController();
  const otp = { transport: ["sms"] };
  const credential = await navigator.credentials.get({ otp, signal: smsWait.signal }).catch(() => null);
  if (credential && state.step === "code") $("code").value = credential.code;
}

function asProblem(error) {
  if (error instanceof Problem) return error;
  throw error; // A mistake of ours: into the console with it.
}

function submitAddress(event) {
  event.preventDefault();
  if (state.blockedUntil > Date.now()) return;
  const typed = $(state.kind).value.trim();
  if (!typed) return fail("address", words.NO_ADDRESS[state.kind]);
  state.address = { [state.kind]: typed };
  send("address", document.querySelector("[name=channel]:checked")?.value ?? phoneChannels[0]);
}

function submitCode(event) {
  event.preventDefault();
  const otp = $("code").value;
  if (otp.length !== codeLength) return fail("code", words.codeMissing(codeLength));
  if (!state.busy) check(otp);
}

/** After a reload the address is not known any more: only the person can type it in again. */
function sendAgain(where, channel) {
  if (state.address) send(where, channel);
  else update({ step: "address", note: words.TYPE_AGAIN, error: NO_ERROR });
}

const actions = {
  change: () => update({ step: "address", error: NO_ERROR }),
  back() {
    update({ step: "code", note: "", error: NO_ERROR });
    look();
  },
  resend: ({ channel }) => sendAgain("resend", channel ?? state.verification.channel),
  again: () => sendAgain("ended", state.channel),
  restart() {
    sessionStorage.removeItem(STORAGE_KEY);
    for (const input of document.querySelectorAll("#phone, #email")) input.value = "";
    update({
      step: "address",
      address: null,
      verification: null,
      blockedUntil: 0,
      note: "",
      error: NO_ERROR,
    });
  },
};

function typedAddress() {
  // Another address may be allowed where the last one was not: the service decides.
  if (state.error.where === "address") update({ error: NO_ERROR, blockedUntil: 0 });
}

function typedCode({ target }) {
  const digits = target.value.replace(/\D/g, "").slice(0, codeLength);
  if (digits !== target.value) target.value = digits;
  if (state.error.where === "code") update({ error: NO_ERROR });
}

function listen() {
  $("address-step").addEventListener("submit", submitAddress);
  $("address-step").addEventListener("input", typedAddress);
  $("code-step").addEventListener("submit", submitCode);
  $("code").addEventListener("input", typedCode);
  for (const radio of document.querySelectorAll("[name=kind]")) {
    radio.addEventListener("change", () => update({ kind: radio.value, error: NO_ERROR, note: "" }));
  }
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => state.busy || actions[button.dataset.action](button.dataset));
  }
  document.addEventListener("visibilitychange", look);
  setInterval(tick, TICK_MS);
}

function restore() {
  const id = sessionStorage.getItem(STORAGE_KEY);
  if (!id) return;
  update({ step: "loading", verification: { id } });
  look();
}

$("code").style.setProperty("--digits", codeLength);
listen();
render(state);
restore();
