import type { Problem, VerificationDetails } from "./api.js";

type Facts = "status" | "checks_left" | "scope" | "challenge" | "errors";
/** `retryAfter` is the number of seconds to wait before trying again. */
type Failure = Partial<Pick<Problem, Facts>> & { code: string; retryAfter?: number };
export interface SixpostError extends Failure {}

/** Sixpost refused the request, or did not answer. The message is for the person. */
export class SixpostError extends Error {
  constructor(message: string, failure: Failure = { code: "not_genuine" }, cause?: unknown) {
    super(message, { cause });
    Object.assign(this, failure, { name: new.target.name });
  }
}

/** Sixpost was unreachable, or gave no whole answer in time. The request may have taken effect. */
export class NoAnswer extends SixpostError {}
/** Something other than Sixpost answered, such as a proxy. */
export class UnexpectedAnswer extends SixpostError {}

/** No provider accepted the message in time. `verification` says how far it got. */
export class NotSent extends SixpostError {
  constructor(readonly verification: VerificationDetails) {
    super(`The message is ${verification.sends.at(-1)?.status}.`, { code: "not_sent" });
  }
}
/** Not from Sixpost, or not for this use: don't act on it. */
export class InvalidWebhook extends SixpostError {}
export class InvalidReceipt extends SixpostError {}
