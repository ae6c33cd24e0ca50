/** The page's requests to the service, and how the answers change the state. */
import { Problem, ROOT, call, unreachable } from "../lib/api.js";
import { $, all } from "../lib/dom.js";
import { codeFromSms } from "./code.js";
import { NO_ERROR, announce, arrived, codeLength, fail, focusOn, state, update } from "./state.js";
import * as words from "./words.js";

const { texts } = words;
const POLL_MOVING_MS = 1500; // while the newest send is under way
const POLL_RESTING_MS = 5000;

/** The address of a page of the service, with the query of this one. */
export function address(path) {
  const url = new URL(path, ROOT);
  url.search = location.search;
  return url;
}

/** Calls the service, which answers in the page's language. Adds a proof of work, once, if the request needs one. */
async function ask(method, path, body) {
  const url = address(path);
  url.searchParams.set("lang", document.documentElement.lang);
  try {
    return await call(method, url, body);
  } catch (problem) {
    if (problem.code !== "proof_of_work_required") throw problem;
    const { solve } = await import("./proof.js").catch(unreachable);
    return call(method, url, { ...body, proof: await solve(problem.challenge) });
  }
}

/** Requests a code for state.address, from the step `where`. */
export function start(where, channel) {
  const { locale } = document.body.dataset;
  const body = state.address.phone ? { ...state.address, channel, locale } : { ...state.address, locale };
  const [typed] = Object.values(state.address);
  return send(where, () => ask("POST", "generate-otp", body), typed);
}

/** Requests the verification's code again, which takes no address. */
export function resend(channel) {
  const { locale } = document.body.dataset;
  return send("resend", () => ask("POST", `verify/${state.verification.id}/resend`, { channel, locale }));
}

async function send(where, request, typed) {
  if (state.busy) return;
  update({ busy: where, error: NO_ERROR, note: "" });
  try {
    started(await request(), typed);
  } catch (problem) {
    sendRefused(where, asProblem(problem));
  }
}

/** The service answers a masked address. The person who typed it sees it in full, to find typing errors. */
function started(answer, typed) {
  const old = state.verification;
  const isNew = old?.id !== answer.verification_id;
  if (old && isNew) cancel(old.id);
  if (isNew) {
    $("code").value = "";
    // The page of the verification, for reloads and other tabs.
    history.pushState(null, "", address(`verify/${answer.verification_id}`));
  }

  const { channel } = answer;
  const life = answer.expires_in * 1000;
  const verification = {
    ...knownFrom(answer),
    to: typed ?? old.to,
    life: isNew ? life : Math.max(life, old.life),
    tried: isNew ? [channel] : [...old.tried, channel],
    newest: { status: "queued" },
    delivery: texts.delivery.queued,
  };
  update({ step: "code", kind: kindOf(channel), channel, busy: "", blockedUntil: 0, verification });
  focusOn($("code"));
  const to = words.isolated(state.verification.to);
  announce(words.fill(texts.code.on_its_way, { to, time: words.duration(life) }));
  fillFromSms();
  look();
}

/** A code sent to a mistyped address must not work for the person who reads it there. */
function cancel(id) {
  ask("POST", `verify/${id}/cancel`).catch(() => {}); // It may have ended by itself.
}

function sendRefused(where, problem) {
  const until = Date.now() + problem.retryAfterSeconds * 1000;
  if (where === "resend" && problem.code === "verification_not_found") return lookAgain();
  if (problem.status === 429 && where === "resend") state.verification.resendAt = until;
  else if (problem.status === 429) state.blockedUntil = until;
  fail(where, words.refusal(problem));
}

let refused = ""; // the code that was wrong last

/** Checks a complete code, unless it is the one that was just refused. */
export function checkTyped(otp) {
  if (otp.length === codeLength && otp !== refused) check(otp);
}

export async function check(otp) {
  if (state.busy) return;
  update({ busy: "code", error: NO_ERROR });
  try {
    const { receipt } = await ask("POST", `verify/${state.verification.id}/check`, { otp });
    approved(receipt);
  } catch (problem) {
    refused = otp;
    checkRefused(asProblem(problem));
  }
}

function checkRefused(problem) {
  if (problem.code === "verification_not_found") return lookAgain();
  if (problem.code === "too_many_checks" || problem.checks_left === 0) {
    return ended("max_attempts_reached", problem.retryAfterSeconds);
  }
  if (problem.code === "incorrect_code") state.verification.checksLeft = problem.checks_left;
  fail("code", words.refusal(problem));
}

/** The service knows how the verification ended, even if its answer to the right code got lost. */
function lookAgain() {
  update({ busy: "" });
  return look();
}

function approved(receipt) {
  update({ step: "approved", busy: "", error: NO_ERROR });
  state.verification = null; // There is no way back to its code.
  leave("approved", receipt);
}

export function ended(how, retryAfterSeconds = 0) {
  const blockedUntil = Math.max(Date.now() + retryAfterSeconds * 1000, state.verification?.resendAt ?? 0);
  update({ step: "ended", ended: how, busy: "", error: NO_ERROR, verification: null, blockedUntil });
  leave(how);
}

/**
 * Returns the person to the site that sent them, by embed.js or return_url. `status` is the result, which `receipt`
 * proves for apps that ask for receipts.
 */
export function leave(status, receipt) {
  const { id, returnUrl, embedder } = arrived;
  if (embedder) tellEmbedder({ verificationId: id, status, receipt });
  if (!returnUrl) return;
  const back = new URL(returnUrl);
  back.searchParams.delete("receipt");
  const result = { verification_id: id, status, ...(receipt && { receipt }) };
  for (const [name, value] of Object.entries(result)) back.searchParams.set(name, value);
  for (const link of all("[data-return]")) link.href = back;
  if (status === "approved" && !embedder) location.replace(back);
}

/** For embed.js, on the site that shows the page in a dialog. */
export function tellEmbedder(facts) {
  window.parent.postMessage({ type: "otp", ...facts }, arrived.embedder);
}

let turn = 0;
let nextLook;

/** Asks for the status of the verification and its message, repeatedly while the person waits. */
export async function look() {
  clearTimeout(nextLook);
  const mine = ++turn;
  const matters = () => mine === turn && isWaiting();
  if (!matters() || document.hidden) return;
  try {
    const answer = await ask("GET", `verify/${state.verification?.id ?? arrived.id}/status`);
    if (matters() && !state.busy) learn(answer);
  } catch (problem) {
    if (matters() && !state.busy && asProblem(problem).code === "verification_not_found") ended("not_found");
  }
  if (!matters()) return;
  const { newest, next } = state.verification ?? {};
  const moving = ["queued", "sending"].includes(newest?.status) || next?.at <= Date.now();
  nextLook = setTimeout(look, moving ? POLL_MOVING_MS : POLL_RESTING_MS);
}

function isWaiting() {
  return state.step === "away" || state.step === "code";
}

/** What any answer tells of the verification. */
function knownFrom(answer) {
  const now = Date.now();
  return {
    id: answer.verification_id,
    to: answer.to,
    channel: answer.channel,
    endsAt: now + answer.expires_in * 1000,
    resendAt: now + answer.resend_in * 1000,
    checksLeft: answer.checks_left,
    sendsLeft: answer.sends_left,
  };
}

/** Shows what the service knows of the verification. */
export function learn(answer) {
  const told = { ...knownFrom(answer), life: Date.parse(answer.expires_at) - Date.parse(answer.created_at) };
  const tried = answer.sends.map((send) => send.channel);
  const old = state.verification;
  const isSentElsewhere = old && old.tried.length < tried.length;
  // Clocks that run go on: the service's whole seconds would make them jump.
  const { endsAt, resendAt, life } = old && !isSentElsewhere ? old : told;
  const verification = {
    ...told,
    ...{ to: old?.to ?? told.to, endsAt, resendAt, life, tried },
    ...{ newest: answer.sends.at(-1), delivery: answer.delivery, next: nextStep(answer, endsAt) },
  };
  if (answer.status === "approved") {
    state.verification = verification;
    approved();
  } else if (answer.status !== "pending") {
    ended(answer.status);
  } else {
    update({ step: "code", kind: kindOf(answer.channel), channel: answer.channel, verification });
    if (isSentElsewhere) announce(words.fill(texts.code[`to_${answer.channel}`], { to: words.isolated(verification.to) }));
  }
}

/** The next step of the workflow, as {channel, at}, or null. `endsAt` is when the code expires by the browser's clock. */
function nextStep({ workflow, step, next_step_at: at, expires_at: end }, endsAt) {
  const channel = at && workflow?.[step]?.channel;
  const isKnown = `next_${channel}` in texts.code;
  return isKnown ? { channel, at: endsAt - (Date.parse(end) - Date.parse(at)) } : null;
}

export function kindOf(channel) {
  return channel === "email" ? "email" : "phone";
}

export async function fillFromSms() {
  const code = await codeFromSms();
  if (!code || state.step !== "code") return;
  $("code").value = code;
  checkTyped(code);
}

function asProblem(error) {
  if (error instanceof Problem) return error;
  throw error; // A bug, for the console.
}
