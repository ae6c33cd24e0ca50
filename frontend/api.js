/** Talks to the service: JSON in, JSON out, and every failure is a Problem. */

/** What went wrong: `code`, `detail` and the extras of an application/problem+json answer. */
export class Problem extends Error {
  constructor(body, retryAfterSeconds = 0) {
    super(body.detail);
    Object.assign(this, body, { retryAfterSeconds });
  }
}

const UNREACHABLE = {
  code: "unreachable",
  detail: "The service cannot be reached. Check your connection and try again.",
};
const NOT_OURS = {
  code: "unexpected_answer",
  detail: "Something went wrong on our side. Please try again in a moment.",
};

/** Answers the body of a success. */
export async function call(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, cache: "no-store" };
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }

  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(UNREACHABLE);
  }

  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  if (!response.ok || !answer) {
    // A proxy in front may answer with a page of its own.
    const problem = answer?.detail ? answer : NOT_OURS;
    throw new Problem(problem, Number(response.headers.get("Retry-After")) || 0);
  }
  return answer;
}

let unanswered = { request: "", key: "" };

/** For a request that must not happen twice: tried again after its answer got lost, it has the same key. */
export async function callOnce(method, path, body) {
  const request = JSON.stringify([method, path, body]);
  if (unanswered.request !== request) unanswered = { request, key: randomKey() };
  try {
    const answer = await call(method, path, body, { "Idempotency-Key": unanswered.key });
    unanswered = { request: "", key: "" };
    return answer;
  } catch (problem) {
    if (problem.code !== UNREACHABLE.code) unanswered = { request: "", key: "" };
    throw problem;
  }
}

/** crypto.randomUUID() is missing where the page is not served by HTTPS. */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
