/** Talks to the service: JSON in, JSON out, and every failure is a Problem. */

// The page may stand at / or below /verify/; this file is always in static/page/.
const ROOT = new URL("../..", import.meta.url);

/** What went wrong: `code`, and the extras of an application/problem+json answer. */
export class Problem extends Error {
  constructor(body, retryAfterSeconds = 0) {
    super(body.code);
    Object.assign(this, body, { retryAfterSeconds });
  }
}

/** The address of something of the service, which keeps what the page was called with. */
export function address(path) {
  const url = new URL(path, ROOT);
  url.search = location.search;
  return url;
}

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
  throw new Problem({ code: "unreachable" });
}

async function request(method, path, body) {
  const options = { method, headers: { Accept: "application/json" }, cache: "no-store" };
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }

  const response = await fetch(new URL(path, ROOT), options).catch(unreachable);
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  if (!response.ok || !answer) {
    // A proxy in front may answer with a page of its own.
    const problem = answer?.code ? answer : { code: "unexpected" };
    throw new Problem(problem, Number(response.headers.get("Retry-After")) || 0);
  }
  return answer;
}
