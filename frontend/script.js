/**
 * Does in place what the page's forms do without a script. Events and answers change one state
 * (state.js, flow.js), and render.js shows it.
 */
import { $, all } from "./lib/dom.js";
import { codeIn, digitsOf } from "./page/code.js";
import { address, check, checkTyped, ended, fillFromSms, kindOf, learn, leave, look, resend, start, tellEmbedder } from "./page/flow.js";
import { render } from "./page/render.js";
import { NO_ERROR, announce, arrived, codeLength, fail, focusStep, state, update } from "./page/state.js";
import { fill, texts } from "./page/words.js";

const TICK_MS = 500;

let picker = null; // picker.js, once it is loaded

function submitAddress(event) {
  event.preventDefault();
  if (state.blockedUntil > Date.now()) return;
  const typed = (state.kind === "phone" && picker?.typedNumber()) || $(state.kind).value.trim();
  if (!typed) return fail("address", texts.problem[`no_${state.kind}`]);
  state.address = { [state.kind]: typed };
  start("address", chosenChannel());
}

/** Undefined leaves the choice to the service's workflow. */
function chosenChannel() {
  return document.querySelector("[name=channel]:is(:checked, [type=hidden])")?.value || undefined;
}

function submitCode(event) {
  event.preventDefault();
  const otp = $("code").value;
  if (otp.length === codeLength) check(otp);
  else fail("code", fill(texts.problem.invalid_otp, { length: codeLength }));
}

function goTo(path, changes) {
  history.pushState(null, "", address(path));
  showStep(changes);
}

/**
 * Shows the step that the page's address is for. Reloads only if it must: if a person goes forward while
 * the page reloads, the browser changes the address of the new page, and its relative links break.
 */
function showStep(changes = {}) {
  const { verification } = state;
  if (location.href === address(".").href && $("address-step")) {
    update({ step: "address", error: NO_ERROR, note: "", ...changes });
  } else if (verification && location.href === address(`verify/${verification.id}`).href) {
    update({ step: "code", kind: kindOf(verification.channel), error: NO_ERROR });
    look();
  } else {
    location.reload();
  }
}

const actions = {
  change: () => goTo("."),
  useEmail: () => goTo(".", { kind: "email" }),
  back: () => goTo(`verify/${state.verification.id}`),
  resend: ({ channel }) => resend(channel ?? state.verification.channel),
  /** After a reload the page no longer knows the address, so the person types it again. */
  again: () => (state.address ? start("ended", chosenChannel() && state.channel) : actions.restart()),
  restart() {
    for (const input of all("#phone, #email")) {
      input.value = "";
      input.dispatchEvent(new Event("input"));
    }
    goTo(".", { address: null, verification: null, blockedUntil: 0 });
  },
  look,
};

function act(event) {
  event.preventDefault(); // Or the browser would submit the button's form.
  const { dataset } = event.currentTarget;
  if (!state.busy) actions[dataset.action](dataset);
}

function typedAddress() {
  // The service may allow another address, so the button works again.
  if (state.error.where === "address") update({ error: NO_ERROR, blockedUntil: 0 });
}

function typedCode({ target }) {
  const code = codeIn(target.value, codeLength) || digitsOf(target.value);
  const shown = code.slice(0, codeLength);
  if (shown !== target.value) target.value = shown;
  if (state.error.where === "code") update({ error: NO_ERROR });
  checkTyped(code);
}

/** Pastes only the code of a message. The field itself would join the message's lines. */
function pastedCode(event) {
  const code = codeIn(event.clipboardData.getData("text"), codeLength);
  if (!code) return;
  event.preventDefault();
  event.target.value = code;
  typedCode(event);
}

/** The picker comes last, because the page works without it. */
async function addPicker() {
  const module = await import("./page/picker.js");
  await module.addPicker();
  picker = module;
}

/** The dialog around the page does not get keys that are pressed in it. */
function escape({ key }) {
  if (key === "Escape") tellEmbedder({ isClosed: true });
}

/** embed.js waits for the first message, and makes its dialog as high as the page. */
function tellHeight() {
  tellEmbedder({ height: Math.ceil(document.body.getBoundingClientRect().height) });
}

let lastTick = Date.now();

function tick() {
  const now = Date.now();
  const passed = (moment) => lastTick < moment && moment <= now;
  const { verification } = state;
  if (state.step === "code") {
    if (verification.endsAt <= now && !state.busy) ended("expired");
    else if (passed(verification.endsAt - 60_000)) announce(texts.code.last_minute);
    else if (passed(verification.resendAt) && verification.sendsLeft) announce(texts.code.may_resend);
    if (passed(verification.next?.at)) look();
  }
  lastTick = now;
  render(state);
}

/** Makes relative links absolute, before the script changes the page's address. */
function pinLinks() {
  for (const link of all('link[href], a[href^="."]')) link.href = link.href;
  for (const form of all('form[action^="."]')) form.action = form.action;
}

function listen() {
  $("address-step")?.addEventListener("submit", submitAddress);
  $("address-step")?.addEventListener("input", typedAddress);
  $("code-step").addEventListener("submit", submitCode);
  $("code").addEventListener("input", typedCode);
  $("code").addEventListener("paste", pastedCode);
  for (const radio of all("[name=kind][type=radio]")) {
    radio.addEventListener("change", () => update({ kind: radio.value, error: NO_ERROR }));
  }
  for (const button of all("[data-action]")) button.addEventListener("click", act);
  document.addEventListener("visibilitychange", look);
  if (arrived.embedder) {
    document.addEventListener("keydown", escape);
    new ResizeObserver(tellHeight).observe(document.body);
    tellHeight();
  }
  window.addEventListener("popstate", () => (state.busy ? location.reload() : showStep()));
  setInterval(tick, TICK_MS);
}

/** Continues from the state that the service delivered the page in. */
function arrive() {
  render(state);
  if (arrived.verification?.status === "pending") {
    learn(arrived.verification);
    fillFromSms();
  } else if (state.step === "approved" || state.step === "ended") {
    leave(state.ended || "approved");
  }
  if (state.step !== "address" && state.step !== "off") focusStep();
  look();
}

$("code").style.setProperty("--digits", codeLength);
pinLinks();
listen();
arrive();
performance.mark("otp:ready");
if ($("phone")) window.addEventListener("load", () => addPicker().catch(() => {}));
