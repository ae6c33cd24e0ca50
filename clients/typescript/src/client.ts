import * as api from "./api.js";
import { jsonIn } from "./encoding.js";
import { NoAnswer, NotSent, SixpostError, UnexpectedAnswer } from "./errors.js";
import type { Jwks } from "./receipt.js";

/** `timeoutSeconds` is for each attempt. */
export type CallOptions = { signal?: AbortSignal; timeoutSeconds?: number };
export type StartOptions = CallOptions & { idempotencyKey?: string };
/** A call that is repeatable is repeated after a lost answer, and any call after a 503. */
type Call = StartOptions & { body?: object; isRepeatable?: boolean };
type Options = { url: string; key?: string; timeoutSeconds?: number; fetch?: typeof fetch };

const ATTEMPTS = 3;
const LONGEST_PAUSE_SECONDS = 5;
/** NoAnswer has no status, and these are of a proxy that got no answer. */
const LOST = [undefined, 502, 504];

export class Sixpost {
  readonly #options: Options;

  constructor(options: Options) {
    const url = new URL(options.url).href.replace(/\/+$/, "");
    // The error of fetch would quote the key.
    if (!/^[!-~]*$/.test(options.key ?? "")) throw new TypeError("key: expected visible ASCII");
    this.#options = { ...options, url };
  }

  /** Sends a code. All attempts have one Idempotency-Key, so they send one message. */
  async start(otp: api.GenerateOtp, options: StartOptions = {}): Promise<api.GeneratedOtp> {
    const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
    const call = { ...options, body: otp, idempotencyKey, isRepeatable: true };
    return this.#call("POST", "/generate-otp", call);
  }

  /** Throws IncorrectCode, VerificationNotFound or TooManyChecks unless the code is right, and
   * NoAnswer if it may be used up all the same: then get() says whether it was approved. */
  async check(typed: api.VerifyOtp, options: CallOptions = {}): Promise<api.VerifiedOtp> {
    return this.#call("POST", "/verify-otp", { ...options, body: typed });
  }

  async get(id: string, options: CallOptions = {}): Promise<api.VerificationDetails> {
    return this.#call("GET", pathOf(id), { ...options, isRepeatable: true });
  }

  /** Is not repeated without an answer, because the second would be VerificationNotFound. */
  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    return this.#call("DELETE", pathOf(id), options);
  }

  /** The public keys of receipts. */
  async jwks(options: CallOptions = {}): Promise<Jwks> {
    return this.#call("GET", "/.well-known/jwks.json", { ...options, isRepeatable: true });
  }

  /** Waits until a provider has accepted the last message. Throws NotSent if none does in time. */
  async waitUntilSent(id: string, options: CallOptions = {}): Promise<api.VerificationDetails> {
    const end = Date.now() + 1000 * (options.timeoutSeconds ?? 30);
    for (let pause = 0.25; ; pause = Math.min(2 * pause, 2)) {
      const verification = await this.get(id, { signal: options.signal });
      const status = verification.sends.at(-1)?.status ?? "unknown";
      if (["sent", "delivered"].includes(status)) return verification;
      const isOnTheWay = ["queued", "sending"].includes(status) && Date.now() < end;
      if (!isOnTheWay) throw new NotSent(verification);
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
    const { url, key, body, idempotencyKey, signal, fetch = globalThis.fetch, timeoutSeconds = 5 } =
      { ...this.#options, ...call };
    const headers = new Headers({ Accept: "application/json", "Content-Type": "application/json" });
    if (key) headers.set("Authorization", `Bearer ${key}`);
    if (idempotencyKey) headers.set("Idempotency-Key", idempotencyKey);
    // Next.js caches answers otherwise, and a redirect could take the key elsewhere.
    const request: RequestInit = { method, headers, cache: "no-store", redirect: "manual" };
    const timeout = AbortSignal.timeout(1000 * timeoutSeconds);
    request.signal = signal ? AbortSignal.any([signal, timeout]) : timeout;
    if (body) request.body = JSON.stringify(body);
    try {
      const response = await fetch(url + path, request);
      return read(response, await response.text());
    } catch (error) {
      if (error instanceof SixpostError) throw error;
      signal?.throwIfAborted();
      const how = timeout.aborted ? `did not answer in ${timeoutSeconds} s` : "is unreachable";
      throw new NoAnswer(`Sixpost ${how}.`, { code: "no_answer" }, error);
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
  const isLost = LOST.includes(status) && call.isRepeatable;
  return isLost ? 2 ** attempt * (0.1 + 0.1 * Math.random()) : undefined;
}

/** No ID has other characters. With "..", for example, the path would be another one. */
const pathOf = (id: string) => `/verifications/${/^\w+$/.test(id) ? id : "unknown"}`;

async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let stop = () => {};
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    stop = () => (clearTimeout(timer), resolve());
    signal?.addEventListener("abort", stop);
  });
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
}
