/** Solves the service's challenges with ALTCHA's widget, which works by itself. */
import { Problem } from "../lib/api.js";
import { loadStyle } from "../lib/dom.js";
import { texts } from "./words.js";

const CONFIGURATION = { hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 };

/** Returns the proof. Raises a Problem if the browser cannot make one. */
export async function solve(challenge) {
  // Browsers let only pages over https: and on localhost compute hashes.
  if (!window.isSecureContext) throw new Problem({ detail: texts.problem.needs_https });
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
    // The service decides when the challenge expires, because the clock here may be wrong.
    const parameters = { ...challenge.parameters, expiresAt: undefined };
    widget.configure({ ...CONFIGURATION, challenge: { ...challenge, parameters } });
    const { solution } = await widget.verify();
    return btoa(JSON.stringify({ challenge, solution }));
  } catch {
    throw new Problem({ detail: texts.problem.no_proof });
  } finally {
    place.remove();
  }
}

let loading;

/** Styles and worker are files, because the page's Content-Security-Policy forbids inline ones. */
function load() {
  loading ??= Promise.all([
    import("../vendor/altcha/altcha.min.js"),
    loadStyle(urlOf("../vendor/altcha/altcha.css")),
  ]);
  return loading.then(tellWidget, (error) => {
    loading = null; // The network may be back for the next try.
    throw error;
  });
}

function tellWidget() {
  const { algorithms, i18n } = globalThis.$altcha;
  algorithms.set("PBKDF2/SHA-256", () => new Worker(urlOf("../vendor/altcha/pbkdf2.js")));
  // The widget takes the document's language if it has it, and English otherwise.
  for (const language of ["en", document.documentElement.lang]) {
    i18n.set(language, { ...i18n.get("en"), verifying: texts.address.proving });
  }
}

function urlOf(path) {
  return new URL(path, import.meta.url).href;
}
