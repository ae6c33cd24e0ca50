/**
 * The dashboard: events and answers change one state by update(), and render() shows it. views.js and
 * timeline.js have the elements, words.js the texts.
 */
import { Problem, call } from "../lib/api.js";
import { $, all, h, show } from "../lib/dom.js";
import { listen as listenToCharts } from "./chart.js";
import { trace } from "./timeline.js";
import * as views from "./views.js";
import * as words from "./words.js";

const POLL_MS = 3000;
const POLL_TRACE_MS = 1500;
const NOTICE_MS = 8000;
const VIEWS = ["overview", "delivery", "protection", "log", "find"];

const main = $("main");

const state = {
  view: "overview",
  window: "minutes",
  channel: "", // all of them
  app: "", // all of them
  figures: null, // the answer of stats.json
  isAway: false, // the service, at the last poll
  found: null, // the answer of timeline
  typed: "", // the address or id that was looked for: kept here only, never stored
  revealed: {}, // verification -> its address, null where none is kept
  notice: "",
};

function update(changes) {
  Object.assign(state, changes);
  render();
}

function render() {
  const { figures, view } = state;
  const shown = figures || view === "find" ? view : "loading";
  for (const section of all("[data-view]")) section.hidden = section.dataset.view !== shown;
  for (const link of all("nav a")) {
    link.classList.toggle("active", link.hash === `#${view}`);
    link.ariaCurrent = link.hash === `#${view}` ? "page" : null;
  }
  show($("notice"), state.notice);
  $("live").dataset.status = state.isAway ? "away" : figures ? "live" : "";
  show($("live"), state.isAway ? "Disconnected. Trying again…" : figures ? "Live" : "");
  if (view === "find") show($("trace"), state.found ? trace(state.found, state.revealed) : state.typed ? words.LOOKING : words.NOBODY);
  else if (figures) RENDER[view](figures);
}

const RENDER = {
  overview({ app, apps, report, state: now, guarded }) {
    chooseApp(apps);
    for (const place of all("[data-all-apps]")) place.hidden = Boolean(app);
    for (const place of all("[data-one-app]")) place.hidden = !app;
    show($("attention"), views.attention({ report, state: now, guarded, since: since(state.figures) }));
    show($("figures"), views.figures(report, state.channel, app));
    show($("charts"), views.charts(report, state.channel, app));
    show($("by-channel"), views.byChannel(report));
    show($("by-country"), views.byCountry(report));
    show($("by-sender"), views.bySender(report));
  },
  delivery({ report, state: now }) {
    show($("queue"), views.queue(now));
    show($("senders"), views.senders(now));
    show($("workers"), views.workers(now));
    show($("failures"), views.failures(report));
    show($("drops"), views.drops(report));
    sayWindow();
  },
  protection({ report, refusals, guarded }) {
    show($("refused"), views.refused(report));
    show($("guarded"), views.guarded(guarded));
    show($("refusals"), views.refusals(refusals));
    sayWindow();
  },
  log({ audit, events, sessions }) {
    if (events) show($("events"), views.events(events));
    if (sessions) show($("sessions"), views.sessions(sessions));
    show($("audit"), views.audit(audit));
  },
};

function sayWindow() {
  for (const place of all(".since")) show(place, since(state.figures));
}

const nameOf = (app, apps) => (app === "*" ? words.OTHER_APPS : apps.find(({ id }) => id === app)?.app ?? app);
const since = ({ report, app, apps }) => words.since(report.window, nameOf(app, apps));

const options = (...named) => named.map(([value, name]) => h("option", { value }, name));

/** The chosen app stays on the list even without figures. */
function chooseApp(apps) {
  const ids = new Set([...apps.map(({ id }) => id), ...(state.app ? [state.app] : [])]);
  show($("app"), options(["", "All apps"], ...[...ids].map((id) => [id, nameOf(id, apps)])));
  $("app").value = state.app;
}

/** Asks the service. Without a session, the login page opens. */
async function ask(method, path, body) {
  try {
    return await call(method, `admin/${path}`, body);
  } catch (problem) {
    if (problem.status === 401) location.assign("login");
    throw problem;
  }
}

let turn = 0;
let nextPoll;

/** Asks for the figures repeatedly, while the tab is visible. */
async function poll() {
  clearTimeout(nextPoll);
  const mine = ++turn;
  if (document.hidden) return;
  const { view, window, app } = state;
  try {
    if (view === "find") await trackFound();
    else {
      const figures = await ask("GET", `stats.json?${new URLSearchParams({ window, app, events: view === "log" })}`);
      if (mine === turn) update({ figures, isAway: false });
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // A bug, for the console.
    if (mine === turn) update({ isAway: true });
  }
  if (mine === turn) nextPoll = setTimeout(poll, view === "find" ? POLL_TRACE_MS : POLL_MS);
}

async function trackFound() {
  if (state.found?.verifications.some(({ status }) => status === "pending")) await lookAgain();
}

// Counts searches, because an answer about one person must not appear on the page of the next.
let search = 0;

async function lookAgain() {
  const mine = search;
  const found = await ask("POST", "timeline", { to: state.typed });
  if (mine === search) update({ found, isAway: false });
}

/** Looks for a person after clearing the last one from the page, even if the search fails. Returns
 * whether this person is shown in the end. */
async function find(typed) {
  const mine = ++search;
  show($("find-error"), "");
  update({ found: null, typed, revealed: {}, notice: "" });
  if (!typed) return fail($("find"), "Enter a phone number, email address or verification ID.");
  try {
    const found = await ask("POST", "timeline", { to: typed });
    if (mine !== search) return false;
    update({ found, isAway: false });
    go("find");
    return true;
  } catch (problem) {
    if (mine === search) {
      update({ typed: "" });
      fail($("find"), said(problem));
    }
    return false;
  }
}

function fail(input, text) {
  show($("find-error"), text);
  input.setAttribute("aria-invalid", String(Boolean(text)));
  input.focus();
  return false;
}

/** The service's message on the field, or else on the request. */
function said(problem) {
  if (!(problem instanceof Problem)) throw problem;
  const text = problem.errors?.[0]?.message ?? problem.detail;
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

let forgetNotice;

function notify(notice) {
  clearTimeout(forgetNotice);
  forgetNotice = setTimeout(() => update({ notice: "" }), NOTICE_MS);
  update({ notice });
}

/** What each button does. Returns a notice, or nothing. */
const actions = {
  pause({ channel, name }) {
    const sender = words.sender(`${channel}:${name}`);
    return inDialog("pause", sender, async (form) => {
      await ask("POST", "pause", { channel, sender: name, seconds: Number(form.elements.seconds.value) });
      return `${sender} is paused.`;
    });
  },
  async resume({ channel, name }) {
    await ask("POST", "resume", { channel, sender: name });
    return `${words.sender(`${channel}:${name}`)} is active again.`;
  },
  async release({ guard, about }) {
    await ask("POST", "release", { guard });
    return `${about} is released. The guard starts counting again from zero.`;
  },
  exempt({ guard, about }) {
    return inDialog("exempt", about, async (form) => {
      await ask("POST", "exempt", { guard, seconds: Number(form.elements.seconds.value) });
      return `${about} is exempt from the SMS pumping guard.`;
    });
  },
  async endExemption({ guard, about }) {
    await ask("POST", "end_exemption", { guard });
    return `The SMS pumping guard watches ${about} again.`;
  },
  async resendEvent({ event }) {
    await ask("POST", "resend_event", { id: event });
    return "The event is on its way again.";
  },
  async endSessions() {
    await ask("POST", "end_sessions");
    return "All other sessions are logged out.";
  },
  test({ channel, name }) {
    return inDialog("test", words.sender(`${channel}:${name}`), async (form) => {
      const to = form.querySelector("input").value.trim();
      await ask("POST", "test", { channel, sender: name, to });
      if (await find(to)) notify("The test message is being sent.");
    });
  },
  cancel({ verification }) {
    return inDialog("cancel", "", async () => {
      await ask("POST", "cancel", { verification_id: verification });
      return "Verification canceled.";
    });
  },
  async reveal({ verification }) {
    const mine = search;
    const { to } = await ask("POST", "reveal", { verification_id: verification });
    if (mine === search) update({ revealed: { ...state.revealed, [verification]: to } });
  },
  async unblock() {
    await ask("POST", "unblock", { to: state.typed });
    return "Limits reset for this recipient.";
  },
};

async function act(button) {
  const mine = search;
  let notice;
  try {
    notice = await actions[button.dataset.action](button.dataset);
    if (mine === search && state.view === "find") await lookAgain();
    else poll();
  } catch (problem) {
    notice = said(problem);
  }
  if (notice && mine === search) notify(notice);
}

/** Shows a dialog, which stays open until `confirmed` succeeds. Returns what `confirmed` returns. */
function inDialog(name, about, confirmed) {
  const dialog = $(`${name}-dialog`);
  const form = dialog.querySelector("form");
  const error = dialog.querySelector(".error");
  let answer;
  form.reset();
  show(error, "");
  for (const place of dialog.querySelectorAll("[data-about]")) show(place, about);
  dialog.showModal();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      if (event.submitter?.value !== "do") return dialog.close();
      try {
        answer = await confirmed(form);
        dialog.close();
      } catch (problem) {
        show(error, said(problem));
      }
    };
    dialog.onclose = () => resolve(answer);
  });
}

function go(view) {
  if (location.hash === `#${view}`) arrive();
  else location.hash = view;
}

/** The page's address names the view, for the browser's back button, but never a recipient. */
function arrive() {
  const view = VIEWS.find((name) => `#${name}` === location.hash) ?? "overview";
  const isNew = view !== state.view;
  update({ view, notice: isNew ? "" : state.notice });
  const title = document.querySelector(`[data-view=${view}] h1`);
  document.title = `${title.textContent} – Sixpost`;
  if (isNew) title.focus();
  poll();
}

function listen() {
  $("find-form").addEventListener("submit", (event) => {
    event.preventDefault();
    find($("find").value.trim());
  });
  $("find").addEventListener("input", () => show($("find-error"), ""));
  main.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-action]");
    if (button) act(button);
  });
  for (const radio of all("[name=window]")) {
    radio.addEventListener("change", () => {
      state.window = radio.value;
      poll();
    });
  }
  $("channel").addEventListener("change", ({ target }) => update({ channel: target.value }));
  $("app").addEventListener("change", ({ target }) => {
    state.app = target.value;
    poll();
  });
  show($("channel"), options(["", "All channels"], ...Object.entries(words.CHANNELS)));
  window.addEventListener("hashchange", arrive);
  document.addEventListener("visibilitychange", poll);
  listenToCharts(render);
}

listen();
arrive();
