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

/** Answers the body of a success. What asks for a proof of work gets it, once. */
export async function call(method, path, body) {
  try {
    return await request(method, path, body);
  } catch (problem) {
    if (problem.code !== "proof_of_work_required") throw problem;
    const { solve } = await import("./proof.js").catch(unreachable);
    return request(method, path, { ...body, proof: await solve(problem.challenge) });
  }
}

function unreachable() {
  throw new Problem(UNREACHABLE);
}

async function request(method, path, body) {
  const options = { method, headers: { Accept: "application/json" }, cache: "no-store" };
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }

  const response = await fetch(path, options).catch(unreachable);
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  if (!response.ok || !answer) {
    // A proxy in front may answer with a page of its own.
    const problem = answer?.detail ? answer : NOT_OURS;
    throw new Problem(problem, Number(response.headers.get("Retry-After")) || 0);
  }
  return answer;
}
