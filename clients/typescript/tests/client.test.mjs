import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mock, test } from "node:test";
import { inspect } from "node:util";

import * as sixpost from "sixpost";

const KEY = "shop-key-0123456789";
const ID = "VE164dcee65fc8afcb69e043e6de07cabc";

/** A client, and the requests it makes. Each takes the next answer: a Response, or what fetch throws. */
function clientOf(...answers) {
  const requests = [];
  const fetch = async (url, request) => {
    requests.push({ url, ...request, headers: Object.fromEntries(request.headers) });
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer;
  };
  const client = new sixpost.Sixpost({ url: "https://otp.example/base/", key: KEY, timeoutSeconds: 600, fetch });
  return { client, requests };
}

const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const problem = (code, status, more = {}, headers = {}) =>
  json({ type: `/docs#${code}`, title: code, detail: `About ${code}.`, code, status, ...more }, status, headers);
const busy = (seconds = "1") => problem("storage_unavailable", 503, {}, { "Retry-After": seconds });
const cut = () => new TypeError("fetch failed");

/** Lets every pause go by at once, and answers how long they were, in seconds. An attempt may take
 * 600 seconds in these tests. */
function withoutPauses(t) {
  const pauses = [];
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (wake, ms) => {
    if (ms === 600_000) return setTimeout(wake, ms);
    pauses.push(ms / 1000);
    queueMicrotask(wake);
  });
  return pauses;
}

async function failure(call) {
  return call.then(
    (answer) => assert.fail(`answered ${inspect(answer)}`),
    (error) => error,
  );
}

test("a start sends what it is given, with the key, below the path of the URL", async () => {
  const { client, requests } = clientOf(json({ verification_id: ID, new_field: 1 }, 202));
  const started = await client.start({ phone: "+14155550123", locale: "de" });
  assert.equal(started.verification_id, ID);
  const [request] = requests;
  assert.equal(request.url, "https://otp.example/base/generate-otp");
  assert.equal(request.method, "POST");
  assert.equal(request.headers.authorization, `Bearer ${KEY}`);
  assert.equal(request.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(request.body), { phone: "+14155550123", locale: "de" });
  assert.equal(request.redirect, "manual");
});

test("the other calls are those of the API", async () => {
  const { client, requests } = clientOf(json({}), json({}), new Response(null, { status: 204 }), json({}));
  await client.check({ verification_id: ID, otp: "123456" });
  await client.get(ID);
  assert.equal(await client.cancel(ID), undefined);
  await client.jwks();
  const told = requests.map(({ method, url }) => `${method} ${url.slice("https://otp.example/base".length)}`);
  assert.deepEqual(told, [
    "POST /verify-otp",
    `GET /verifications/${ID}`,
    `DELETE /verifications/${ID}`,
    "GET /.well-known/jwks.json",
  ]);
});

test("a start without an answer is repeated with its idempotency key", async (t) => {
  withoutPauses(t);
  const { client, requests } = clientOf(cut(), new Response("", { status: 502 }), json({ verification_id: ID }, 202));
  await client.start({ phone: "+14155550123" });
  const keys = requests.map((request) => request.headers["idempotency-key"]);
  assert.equal(keys.length, 3);
  assert.match(keys[0], /^[0-9a-f-]{36}$/);
  assert.equal(new Set(keys).size, 1);
});

test("each start has its own idempotency key, or the caller's", async () => {
  const { client, requests } = clientOf(json({}, 202), json({}, 202), json({}, 202));
  await client.start({ phone: "+14155550123" });
  await client.start({ phone: "+14155550123" });
  await client.start({ phone: "+14155550123" }, { idempotencyKey: "order-7" });
  const keys = requests.map((request) => request.headers["idempotency-key"]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "order-7");
});

test("three attempts without an answer are the end", async (t) => {
  withoutPauses(t);
  const cause = cut();
  const { client, requests } = clientOf(cut(), cut(), cause);
  const error = await failure(client.get(ID));
  assert.ok(error instanceof sixpost.NoAnswer);
  assert.equal(error.code, "no_answer");
  assert.equal(error.cause, cause);
  assert.equal(requests.length, 3);
});

for (const [name, call] of Object.entries({
  check: (client) => client.check({ verification_id: ID, otp: "123456" }),
  cancel: (client) => client.cancel(ID),
})) {
  for (const [why, lost] of [["no answer", cut], ["a 504", () => new Response("", { status: 504 })]]) {
    test(`a ${name} with ${why} is not repeated, because it may have taken effect`, async () => {
      const { client, requests } = clientOf(lost(), json({}));
      const error = await failure(call(client));
      assert.ok(error instanceof sixpost.NoAnswer || error instanceof sixpost.UnexpectedAnswer);
      assert.equal(requests.length, 1);
    });
  }

  test(`a ${name} is repeated after a 503, as late as it says`, async (t) => {
    const pauses = withoutPauses(t);
    const { client } = clientOf(busy("1"), busy("5"), json({ verified: true }));
    await call(client);
    assert.deepEqual(pauses, [1, 5]);
  });
}

test("a 503 that wants a longer pause, or names none, is not repeated", async () => {
  const backlog = problem("delivery_backlog", 503, {}, { "Retry-After": "60" });
  for (const answer of [backlog, problem("storage_unavailable", 503)]) {
    const { client, requests } = clientOf(answer, json({}));
    assert.ok((await failure(client.get(ID))) instanceof sixpost.SixpostError);
    assert.equal(requests.length, 1);
  }
});

test("a refusal is not repeated, and says what the answer says", async () => {
  const { client, requests } = clientOf(
    problem("rate_limited", 429, { scope: "to", surprise: 1 }, { "Retry-After": "42" }),
  );
  const error = await failure(client.start({ phone: "+14155550123" }));
  assert.ok(error instanceof sixpost.RateLimited);
  assert.deepEqual(
    [error.code, error.status, error.retryAfter, error.scope, error.message, error.name],
    ["rate_limited", 429, 42, "to", "About rate_limited.", "RateLimited"],
  );
  assert.equal(error.surprise, undefined);
  assert.equal(requests.length, 1);
});

test("every code has a class of its own", async () => {
  const classes = new Set(Object.values(sixpost.ERRORS));
  assert.equal(classes.size, Object.keys(sixpost.ERRORS).length);
  for (const [code, Kind] of Object.entries(sixpost.ERRORS)) {
    const { client } = clientOf(problem(code, 400));
    const error = await failure(client.check({ phone: "+14155550123", otp: "1" }));
    assert.equal(error.constructor, Kind);
    assert.ok(error instanceof sixpost.SixpostError && error instanceof Error);
  }
});

for (const code of ["of_a_newer_version", "constructor", "__proto__"]) {
  test(`an error with the code ${code} is a plain one`, async () => {
    const { client } = clientOf(problem(code, 400));
    const error = await failure(client.get(ID));
    assert.equal(error.constructor, sixpost.SixpostError);
    assert.equal(error.code, code);
  });
}

for (const [what, answer] of [
  ["a page", () => new Response("<html>", { status: 200 })],
  ["a page of a proxy", () => new Response("<html>Forbidden", { status: 403 })],
  ["a redirect", () => new Response(null, { status: 302, headers: { Location: "https://elsewhere.example" } })],
  ["JSON of something else", () => json({ message: "no" }, 404)],
  ["null", () => json(null)],
]) {
  test(`${what} is not an answer of Sixpost`, async () => {
    const { client, requests } = clientOf(answer());
    const error = await failure(client.get(ID));
    assert.ok(error instanceof sixpost.UnexpectedAnswer);
    assert.equal(requests.length, 1);
  });
}

test("an attempt that takes too long is an error, and its request is aborted", async (t) => {
  const pauses = withoutPauses(t);
  const signals = [];
  const fetch = (_, { signal }) => {
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const client = new sixpost.Sixpost({ url: "https://otp.example", timeoutSeconds: 7, fetch });
  const error = await failure(client.get(ID));
  assert.ok(error instanceof sixpost.NoAnswer);
  assert.deepEqual([pauses[0], pauses[2], pauses[4]], [7, 7, 7]);
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, true, true]);
});

test("the caller's signal ends a call, its pauses too, with the caller's reason", async () => {
  const reason = new Error("the person left");
  const waiting = new AbortController();
  const { client, requests } = clientOf(busy("5"), json({}));
  const call = failure(client.get(ID, { signal: waiting.signal }));
  setImmediate(() => waiting.abort(reason));
  assert.equal(await call, reason);
  assert.equal(requests.length, 1);
  const fetch = async (_, { signal }) => signal.throwIfAborted();
  const other = new sixpost.Sixpost({ url: "https://otp.example", fetch });
  assert.equal(await failure(other.get(ID, { signal: AbortSignal.abort(reason) })), reason);
});

test("a signal that outlives its calls keeps nothing of them", async () => {
  const { signal } = new AbortController();
  const { client } = clientOf(json({}), problem("incorrect_code", 400), cut());
  await client.get(ID, { signal });
  for (let i = 0; i < 2; i++) await failure(client.check({ verification_id: ID, otp: "1" }, { signal }));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("no ID leads to another path", async () => {
  const { client, requests } = clientOf(json({}), json({}), json({}));
  for (const id of ["..", "../recipients", "a?b"]) await client.get(id);
  for (const { url } of requests) assert.equal(url, "https://otp.example/base/verifications/unknown");
});

test("neither a client nor an error shows the key, the number or the code", async (t) => {
  withoutPauses(t);
  const { client } = clientOf(cut(), problem("incorrect_code", 400, { checks_left: 4 }));
  const first = await failure(client.check({ phone: "+14155550123", otp: "271828" }));
  const second = await failure(client.check({ phone: "+14155550123", otp: "271828" }));
  assert.equal(second.checks_left, 4);
  const shown = inspect([client, first, second], { depth: 9, showHidden: true }) + JSON.stringify(client);
  for (const secret of [KEY, "14155550123", "271828"]) assert.ok(!shown.includes(secret));
  const wrong = await failure(Promise.resolve().then(() => new sixpost.Sixpost({ url: "https://a.example", key: `${KEY}\n` })));
  assert.ok(wrong instanceof TypeError && !inspect(wrong).includes(KEY));
});

test("nothing is logged", async (t) => {
  withoutPauses(t);
  const methods = ["log", "info", "warn", "error", "debug"];
  const logs = methods.map((method) => mock.method(console, method, () => {}));
  const { client } = clientOf(cut(), json({ verification_id: ID }, 202), problem("incorrect_code", 400));
  await client.start({ phone: "+14155550123" });
  await failure(client.check({ verification_id: ID, otp: "271828" }));
  const calls = logs.map((log) => log.mock.callCount());
  mock.restoreAll();
  assert.deepEqual(calls, methods.map(() => 0));
});

const seen = (status, more = {}) => json({ verification_id: ID, status: "pending", sends: [{ number: 1, status }], ...more });

test("waiting ends when a provider has accepted the message", async (t) => {
  const pauses = withoutPauses(t);
  const { client } = clientOf(seen("queued"), seen("sending"), cut(), seen("sent"));
  const verification = await client.waitUntilSent(ID);
  assert.equal(verification.sends[0].status, "sent");
  assert.equal(pauses.length, 3);
});

test("waiting goes on while the workflow has another step", async (t) => {
  withoutPauses(t);
  const next = { next_step_at: "2026-11-29T10:15:30.123Z" };
  const { client } = clientOf(seen("failed", next), seen("queued"), seen("sent"));
  assert.equal((await client.waitUntilSent(ID)).sends[0].status, "sent");
});

for (const status of ["failed", "dropped", "undelivered"]) {
  test(`waiting ends with an error for a message that is ${status}`, async () => {
    const { client } = clientOf(seen(status));
    const error = await failure(client.waitUntilSent(ID));
    assert.ok(error instanceof sixpost.NotSent);
    assert.equal(error.verification.sends[0].status, status);
  });
}

test("waiting ends in time", async () => {
  const { client, requests } = clientOf(seen("queued"));
  const error = await failure(client.waitUntilSent(ID, { timeoutSeconds: 0 }));
  assert.ok(error instanceof sixpost.NotSent);
  assert.equal(requests.length, 1);
});
