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
export async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" }, cache: "no-store" };
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
