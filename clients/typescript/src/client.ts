import * as api from "./api.js";
import { jsonIn } from "./encoding.js";
import { NoAnswer, NotSent, SixpostError, UnexpectedAnswer } from "./errors.js";
import type { Jwks } from "./receipt.js";

/** `timeoutSeconds` is for each attempt. */
export type CallOptions = { signal?: AbortSignal; timeoutSeconds?: number };
export type StartOptions = CallOptions & { idempotencyKey?: string };
/** Whether a call repeats after a lost answer. Any call does after a 503. */
type Call = StartOptions & { body?: object; repeats?: boolean };
type Options = { url: string; key?: string; timeoutSeconds?: number; fetch?: typeof fetch };

const [ATTEMPTS, LONGEST_PAUSE_SECONDS] = [3, 5];
/** NoAnswer has no status, and these are of a proxy that got no answer. */
const LOST = [undefined, 502, 504];

export class Sixpost {
  readonly #options: Options;

  constructor(options: Options) {
    // The error of fetch would quote the key.
    if (!/^[!-~]*$/.test(options.key ?? "")) throw new TypeError("key: expected visible ASCII");
    this.#options = { ...options, url: new URL(options.url).href.replace(/\/+$/, "") };
  }

  /** Sends a code. All attempts have one Idempotency-Key, so they send one message. */
  async start(body: api.GenerateOtp, options: StartOptions = {}): Promise<api.GeneratedOtp> {
    const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
    return this.#call("POST", "/generate-otp", { ...options, body, idempotencyKey, repeats: true });
  }

  /** Throws IncorrectCode, VerificationNotFound or TooManyChecks unless the code is right, and
   * NoAnswer if it may be used up all the same: then get() says whether it was approved. */
  async check(body: api.VerifyOtp, options: CallOptions = {}): Promise<api.VerifiedOtp> {
    return this.#call("POST", "/verify-otp", { ...options, body });
  }

  async get(id: string, options: CallOptions = {}): Promise<api.VerificationDetails> {
    return this.#call("GET", pathOf(id), { ...options, repeats: true });
  }

  /** Is not repeated without an answer, because the second would be VerificationNotFound. */
  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    return this.#call("DELETE", pathOf(id), options);
  }

  /** The public keys of receipts. */
  async jwks(options: CallOptions = {}): Promise<Jwks> {
    return this.#call("GET", "/.well-known/jwks.json", { ...options, repeats: true });
  }

  /** Waits until a provider accepts a message, of any step. Throws NotSent if none does in time. */
  async waitUntilSent(id: string, options: CallOptions = {}): Promise<api.VerificationDetails> {
    const end = Date.now() + 1000 * (options.timeoutSeconds ?? 30);
    for (let pause = 0.25; ; pause = Math.min(2 * pause, 2)) {
      const verification = await this.get(id, { signal: options.signal });
      const status = verification.sends.at(-1)?.status ?? "unknown";
      if (["sent", "delivered"].includes(status)) return verification;
      const isOnTheWay = ["queued", "sending"].includes(status) || verification.next_step_at;
      if (!isOnTheWay || Date.now() >= end) throw new NotSent(verification);
      await sleep(pause, options.signal);
    }
  }

  async #call(method: string, path: string, call: Call): Promise<any> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(method, path, call);
      } catch (error) {
        const pause = attempt < ATTEMPTS ? pauseAfter(error, attempt, call) : undefined;
        if (pause === undefined) throw error;
        await sleep(pause, call.signal);
      }
    }
  }

  async #attempt(method: string, path: string, call: Call): Promise<unknown> {
    const options = { ...this.#options, ...call };
    const { url, key, body, idempotencyKey, fetch = globalThis.fetch } = options;
    const headers = new Headers({ Accept: "application/json", "Content-Type": "application/json" });
    if (key) headers.set("Authorization", `Bearer ${key}`);
    if (idempotencyKey) headers.set("Idempotency-Key", idempotencyKey);
    // Next.js caches answers otherwise, and a redirect could take the key elsewhere.
    const request: RequestInit = { method, headers, cache: "no-store", redirect: "manual" };
    if (body) request.body = JSON.stringify(body);
    try {
      return await within(options, async (ended) => {
        const response = await fetch(url + path, { ...request, signal: ended });
        return read(response, await response.text());
      });
    } catch (error) {
      if (error instanceof SixpostError) throw error;
      call.signal?.throwIfAborted();
      throw new NoAnswer("Sixpost did not answer.", { code: "no_answer" }, error);
    }
  }
}

/** The body of a success. Throws the error that any other answer stands for. */
function read({ ok, status, headers }: Response, text: string): unknown {
  const body = jsonIn(text);
  if (ok && (body || status === 204)) return body;
  const retryAfter = Number(headers.get("retry-after") ?? NaN) || undefined;
  if (typeof body?.code !== "string") {
    const facts = { code: "unexpected_answer", status, retryAfter };
    throw new UnexpectedAnswer(`The answer, with status ${status}, is not from Sixpost.`, facts);
  }
  const { code, detail, checks_left, scope, challenge, errors } = body;
  // An error of a newer Sixpost has no class here.
  const Kind = Object.hasOwn(api.ERRORS, code) ? api.ERRORS[code]! : SixpostError;
  throw new Kind(detail, { code, status, retryAfter, checks_left, scope, challenge, errors });
}

/** Seconds until the next attempt. Returns undefined if there must be none. */
function pauseAfter(error: unknown, attempt: number, call: Call): number | undefined {
  if (!(error instanceof SixpostError)) return undefined;
  const { status, retryAfter = Infinity } = error;
  if (status === 503) return retryAfter <= LONGEST_PAUSE_SECONDS ? retryAfter : undefined;
  if (!LOST.includes(status) || !call.repeats) return undefined;
  return 2 ** attempt * (0.1 + 0.1 * Math.random());
}

/** No ID has other characters. With "..", for example, the path would be another one. */
const pathOf = (id: string) => `/verifications/${/^\w+$/.test(id) ? id : "unknown"}`;

const sleep = (timeoutSeconds: number, signal?: AbortSignal) =>
  within({ timeoutSeconds, signal }, (ended) => new Promise((wake) => (ended.onabort = wake)));

/** Acts with a signal that ends in time, or with the caller's. Not all have AbortSignal.any. */
async function within(limits: CallOptions, act: (ended: AbortSignal) => Promise<any>) {
  const { signal, timeoutSeconds = 5 } = limits;
  signal?.throwIfAborted();
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, 1000 * timeoutSeconds);
  signal?.addEventListener("abort", end);
  return act(ended.signal).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  });
}
