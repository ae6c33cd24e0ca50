import { APIError } from "better-auth/api";
import type { PhoneNumberOptions } from "better-auth/plugins";
import { type GenerateOtp, IncorrectCode, type Sixpost, SixpostError } from "sixpost";

type Options = Pick<PhoneNumberOptions, "sendOTP" | "sendPasswordResetOTP"> &
  Required<Pick<PhoneNumberOptions, "verifyOTP" | "phoneNumberValidator">>;
type Context = Parameters<Options["verifyOTP"]>[1];
type Status = ConstructorParameters<typeof APIError>[0];

/** How better-auth answers each error of Sixpost: its own codes where it has one. */
const ANSWERS: Record<string, [Status, string]> = {
  invalid_request: ["BAD_REQUEST", "INVALID_PHONE_NUMBER"],
  verification_not_found: ["BAD_REQUEST", "OTP_EXPIRED"],
  too_many_checks: ["FORBIDDEN", "TOO_MANY_ATTEMPTS"],
  rate_limited: ["TOO_MANY_REQUESTS", "RATE_LIMITED"],
  country_not_allowed: ["FORBIDDEN", "COUNTRY_NOT_ALLOWED"],
  channel_not_enabled: ["FORBIDDEN", "CHANNEL_NOT_ENABLED"],
  recipient_blocked: ["FORBIDDEN", "RECIPIENT_BLOCKED"],
};

/** The options of phoneNumber() that have Sixpost send and check the codes. `fields` are added to
 * each request for a code, such as `channel` or `app_hash`. */
export function sixpostCodes(
  sixpost: Sixpost,
  fields: Omit<GenerateOtp, "phone" | "email"> = {},
): Options {
  /** The code of better-auth's own, in the first argument too, is never sent. */
  async function send({ phoneNumber: phone }: { phoneNumber: string }, ctx?: Context) {
    const { verification_id, to } = await sixpost
      .start({ locale: localeOf(ctx), ...fields, phone })
      .catch((error) => refuse(error, ctx));
    if (isMask(to, phone)) return;
    await sixpost.cancel(verification_id).catch((error) => refuse(error, ctx));
    throw invalidNumber();
  }

  return {
    sendOTP: send,
    sendPasswordResetOTP: send,
    phoneNumberValidator: isE164,
    // better-auth does not validate the number here.
    async verifyOTP({ phoneNumber: phone, code: otp }, ctx) {
      if (!isE164(phone)) throw invalidNumber();
      try {
        return isMask((await sixpost.check({ phone, otp })).to, phone);
      } catch (error) {
        const isWrong = error instanceof SixpostError && error.code === "invalid_request";
        return isWrong || error instanceof IncorrectCode ? false : refuse(error, ctx);
      }
    },
  };
}

/** One number must not be two users, so it has one spelling. */
const isE164 = (phone: string) => /^\+[1-9][0-9]{6,14}$/.test(phone);

/** Whether Sixpost read the number as it is written. It reads +440… as +44…, for example. */
const isMask = (to: string, phone: string) =>
  to.length === phone.length && [...to].every((shown, i) => shown === "*" || shown === phone[i]);

const invalidNumber = () =>
  new APIError("BAD_REQUEST", { code: "INVALID_PHONE_NUMBER", message: "Invalid phone number" });

/** The first language of the person's browser, for the message. */
function localeOf(ctx: Context): string | undefined {
  const accepted = ctx?.headers?.get("accept-language") ?? "";
  return /^[a-z]{2,3}(-[a-z0-9]{2,8})*(?=[,;]|$)/i.exec(accepted)?.[0];
}

/** Throws what the person may know. The rest is for the log. */
function refuse(error: unknown, ctx: Context): never {
  if (!(error instanceof SixpostError)) throw error;
  const { code, message, retryAfter } = error;
  const headers = new Headers(retryAfter ? { "Retry-After": String(retryAfter) } : {});
  const known = ANSWERS[code];
  if (known) throw new APIError(known[0], { code: known[1], message }, headers);
  ctx?.context.logger.error(`Sixpost: ${code}: ${message}`);
  const unavailable = { code: "CODES_UNAVAILABLE", message: "Codes are unavailable. Try again later." };
  throw new APIError("SERVICE_UNAVAILABLE", unavailable, headers);
}
