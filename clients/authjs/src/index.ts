import { CredentialsSignin } from "@auth/core/errors";
import Credentials, { type CredentialsConfig } from "@auth/core/providers/credentials";
import type { Awaitable, User } from "@auth/core/types";
import { type GenerateOtp, type Sixpost, SixpostError } from "sixpost";

/** The errors of Sixpost that the person may know. The others are for the log. */
const SHOWN = [
  "channel_not_enabled",
  "country_not_allowed",
  "incorrect_code",
  "invalid_request",
  "rate_limited",
  "recipient_blocked",
  "too_many_checks",
  "verification_not_found",
];

/** The provider that signs in by a phone number and a code of Sixpost. `user` finds or creates the
 * user of a number that was just verified, or returns null for one that must not sign in. A sign-in
 * fails with the `code` of Sixpost, or `unavailable`. */
export function SixpostPhone(
  sixpost: Sixpost,
  user: (phone: string) => Awaitable<User | null>,
): CredentialsConfig {
  return Credentials({
    id: "sixpost",
    name: "Phone number",
    credentials: {
      phone: { label: "Phone number", type: "tel", autoComplete: "tel" },
      code: { label: "Code", inputMode: "numeric", autoComplete: "one-time-code" },
    },
    async authorize(typed) {
      const phone = numberIn(typed.phone);
      if (!phone || typeof typed.code !== "string") throw new Refused("invalid_request");
      // The code has to be one for this very number.
      const { to } = await sixpost.check({ phone, otp: typed.code }).catch((error) => {
        throw new Refused(codeOf(error), error);
      });
      if (!isMask(to, phone)) throw new Refused("invalid_request");
      return user(phone);
    },
  });
}

class Refused extends CredentialsSignin {
  constructor(code: string, cause?: Error) {
    super(code, { cause });
    this.code = code;
  }
}

/** Handles requests for a code: `POST {"phone": "+14155550123"}`. `fields` are added to the request
 * to Sixpost, such as `channel` or `app_hash`. */
export function sendCode(
  sixpost: Sixpost,
  fields: Omit<GenerateOtp, "phone" | "email"> = {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    // Pages of other sites cannot send this type without CORS.
    const isJson = /^application\/json\b/.test(request.headers.get("content-type") ?? "");
    const body = isJson ? await request.json().catch(() => null) : null;
    const phone = numberIn(body?.phone);
    if (!phone) return problem(400, "invalid_request", "Enter the number with its country code.");
    try {
      const started = await sixpost.start({ locale: localeOf(request), ...fields, phone });
      const { verification_id, to, channel, expires_in, resend_in, message } = started;
      if (isMask(to, phone)) {
        return Response.json({ to, channel, expires_in, resend_in, message }, { status: 202 });
      }
      await sixpost.cancel(verification_id);
      return problem(400, "invalid_request", "Enter the number with its country code.");
    } catch (error) {
      return refusal(error);
    }
  };
}

function refusal(error: unknown): Response {
  const code = codeOf(error);
  const { status = 503, message, retryAfter } = error as SixpostError;
  if (code !== "unavailable") return problem(status, code, message, retryAfter);
  console.error(`[sixpost] ${error}`);
  return problem(503, code, "Codes are unavailable. Try again later.", retryAfter);
}

function problem(status: number, code: string, message: string, retryAfter?: number): Response {
  const headers = new Headers(retryAfter ? { "Retry-After": String(retryAfter) } : {});
  return Response.json({ code, message }, { status, headers });
}

/** Throws what is not an error of Sixpost. */
function codeOf(error: unknown): string {
  if (!(error instanceof SixpostError)) throw error;
  return SHOWN.includes(error.code) ? error.code : "unavailable";
}

/** The number in E.164. One number must not be two users, so all its spellings are one. */
function numberIn(typed: unknown): string | undefined {
  const phone = typeof typed === "string" ? typed.replace(/[\s().-]/g, "") : "";
  return /^\+[1-9][0-9]{6,14}$/.test(phone) ? phone : undefined;
}

/** Whether Sixpost read the number as it is written. It reads +440… as +44…, for example. */
const isMask = (to: string, phone: string) =>
  to.length === phone.length && [...to].every((shown, i) => shown === "*" || shown === phone[i]);

/** The first language of the person's browser, for the message. */
function localeOf({ headers }: Request): string | undefined {
  const accepted = headers.get("accept-language") ?? "";
  return /^[a-z]{2,3}(-[a-z0-9]{2,8})*(?=[,;]|$)/i.exec(accepted)?.[0];
}
