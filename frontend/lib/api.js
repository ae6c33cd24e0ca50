/** Talks to the service: JSON in, JSON out, and every failure is a Problem. */

// This file is always in static/lib/, wherever the page is.
export const ROOT = new URL("../..", import.meta.url);

// Longer than any answer takes. A browser itself waits for minutes, for example after a change of networks.
const PATIENCE_MS = 10_000;
const UNREACHABLE = { code: "unreachable", detail: "Can’t reach the service. Try again in a moment." };
const UNEXPECTED = { code: "unexpected", detail: "Something went wrong. Try again in a moment." };

/** What went wrong: `code`, `detail` and the extras of an application/problem+json answer. */
export class Problem extends Error {
  constructor(body, retryAfterSeconds = 0) {
    super(body.detail);
    Object.assign(this, body, { retryAfterSeconds });
  }
}

export function unreachable() {
  throw new Problem(UNREACHABLE);
}

/** Returns the body of a success. Raises a Problem. `path` starts at the root of the service. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  const { csrfToken } = document.body.dataset;
  if (csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (body) headers["Content-Type"] = "application/json";
  const patience = new AbortController();
  const { signal } = patience;
  const options = { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal };

  const end = setTimeout(() => patience.abort(), PATIENCE_MS);
  const response = await fetch(new URL(path, ROOT), options).catch(unreachable);
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  clearTimeout(end);
  if (response.ok && answer) return answer;
  // A proxy in front may answer with its own page.
  const problem = answer?.code ? answer : UNEXPECTED;
  const { status } = response;
  throw new Problem({ ...problem, status }, Number(response.headers.get("Retry-After")) || 0);
}
