/** Solves the service's challenges in ALTCHA's workers, which share the work. */
import { Problem } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { announce } from "./state.js";
import { texts } from "./words.js";

const PROGRAM = new URL("../vendor/altcha/pbkdf2.js", import.meta.url);
const MOST_WORKERS = 16;

/** Returns the proof. Raises a Problem if the browser cannot make one. */
export async function solve(challenge) {
  // Browsers let only pages over https: and on localhost compute hashes.
  if (!window.isSecureContext) throw new Problem({ detail: texts.problem.needs_https });
  const spinner = h("span", { class: "spinner-border spinner-border-sm me-2", "aria-hidden": "true" });
  const shown = h("p", { class: "proof hint mt-3 mb-0 text-center" }, spinner, texts.address.proving);
  document.querySelector("main").append(shown);
  announce(texts.address.proving);
  const count = Math.min(navigator.hardwareConcurrency || 4, MOST_WORKERS);
  const workers = Array.from({ length: count }, () => new Worker(PROGRAM));
  try {
    const solution = await Promise.any(workers.map((worker, first) => solved(worker, challenge, first, count)));
    return btoa(JSON.stringify({ challenge, solution }));
  } catch {
    throw new Problem({ detail: texts.problem.no_proof });
  } finally {
    for (const worker of workers) worker.terminate();
    shown.remove();
  }
}

/** Tries every `counterStep`-th number. A worker that gives up after 90 seconds answers null. */
function solved(worker, challenge, counterStart, counterStep) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data?.derivedKey ? resolve(data) : reject(data));
    worker.onerror = reject;
    worker.postMessage({ type: "work", challenge, counterStart, counterStep });
  });
}
