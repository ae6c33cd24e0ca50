/**
 * Solves the challenges of the service with ALTCHA's widget, which is loaded when the first one
 * comes. It works by itself: a person sees that it does, and has nothing to do.
 */
import { Problem } from "../lib/api.js";
import { loadStyle } from "../lib/dom.js";
import { texts } from "./words.js";

const CONFIGURATION = { hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 };

/** Answers the proof that the service asks for. */
export async function solve(challenge) {
  // What the widget computes with is given to pages over https: and of localhost only.
  if (!window.isSecureContext) throw new Problem({ code: "needs_https" });
  const place = document.createElement("div");
  place.className = "proof";
  place.innerHTML = '<p class="visually-hidden" role="status"></p>';
  document.querySelector("main").append(place);
  try {
    await load();
    place.firstChild.textContent = texts.address.proving;
    const widget = document.createElement("altcha-widget");
    widget.inert = true; // Its box cannot be ticked, or unticked, by a person.
    const ready = new Promise((resolve) => widget.addEventListener("load", resolve, { once: true }));
    place.append(widget);
    await ready;
    // When the challenge ends is the service's affair: the clock here may be wrong.
    const parameters = { ...challenge.parameters, expiresAt: undefined };
    widget.configure({ ...CONFIGURATION, challenge: { ...challenge, parameters } });
    const { solution } = await widget.verify();
    return btoa(JSON.stringify({ challenge, solution }));
  } catch {
    throw new Problem({ code: "no_proof" });
  } finally {
    place.remove();
  }
}

let loading;

/** Also the styles and the worker are files of their own, as nothing inline is allowed here. */
function load() {
  loading ??= Promise.all([
    import("../vendor/altcha/altcha.min.js"),
    loadStyle(urlOf("../vendor/altcha/altcha.css")),
    loadStyle(urlOf("./proof.css")),
  ]);
  return loading.then(tellWidget, (error) => {
    loading = null; // The next try may find the network back.
    throw error;
  });
}

function tellWidget() {
  const { algorithms, i18n } = globalThis.$altcha;
  algorithms.set("PBKDF2/SHA-256", () => new Worker(urlOf("../vendor/altcha/pbkdf2.js")));
  // It speaks the language of the document, where it knows it.
  for (const language of ["en", document.documentElement.lang]) {
    i18n.set(language, { ...i18n.get("en"), verifying: texts.address.proving });
  }
}

function urlOf(path) {
  return new URL(path, import.meta.url).href;
}
