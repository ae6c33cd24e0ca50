/** Talks to the service as the owner: JSON in, JSON out, and every failure is a Problem. */

/** What went wrong: `code`, `detail` and the extras of an application/problem+json answer. */
export class Problem extends Error {
  constructor(body) {
    super(body.detail);
    Object.assign(this, body);
  }
}

const UNREACHABLE = { code: "unreachable", detail: "Can’t reach the service. Try again in a moment." };
const NOT_OURS = { code: "unexpected", detail: "Something went wrong. Try again in a moment." };

/** Answers the body of a success; without a session the log-in comes. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRF-Token": document.body.dataset.csrfToken };
  if (body) headers["Content-Type"] = "application/json";
  const options = { method, headers, body: body && JSON.stringify(body), cache: "no-store" };

  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(UNREACHABLE);
  }

  if (response.status === 401) location.assign("login");
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  // A proxy in front may answer with a page of its own.
  if (!response.ok || !answer) throw new Problem(answer?.detail ? answer : NOT_OURS);
  return answer;
}
