/** The code, wherever it comes from: typed, pasted with the message around it, or out of the SMS. */

import { plain } from "./typed.js";

/** The code in a message, "" if there is none: so many digits on their own, or with a space or a
 * dash between them. A text of nothing but groups of digits is the code if it has so many digits. */
export function codeIn(message, length) {
  const text = plain(message);
  if (/^[\d\s-]*$/.test(text) && digitsOf(text).length === length) return digitsOf(text);
  const whole = new RegExp(`(?:^|\\D)(\\d{${length}})(?!\\d)`);
  const parted = new RegExp(`(?:^|[^\\d -])[ -]*(\\d(?:[ -]?\\d){${length - 1}})(?![ -]?\\d)`);
  return digitsOf((whole.exec(text) ?? parted.exec(text))?.[1] ?? "");
}

export function digitsOf(text) {
  return plain(text).replace(/\D/g, "");
}

let waiting = new AbortController();

/** WebOTP: where the browser can read the SMS it offers the code. Answers "" where it cannot. */
export async function codeFromSms() {
  if (!("OTPCredential" in window)) return "";
  waiting.abort();
  waiting = new AbortController();
  const otp = { transport: ["sms"] };
  const credential = await navigator.credentials.get({ otp, signal: waiting.signal }).catch(() => null);
  return credential?.code ?? "";
}
