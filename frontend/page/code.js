/** Reads codes that are typed, pasted with their message, or offered by the browser from an SMS. */

import { plain } from "./typed.js";

/** Returns the code in a message, or "": `length` digits in a row, or with single spaces or dashes between
 * them. A text of only digits, spaces and dashes is the code if it has `length` digits. */
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

/** WebOTP: the browser offers the code of an SMS. Returns "" if it cannot. */
export async function codeFromSms() {
  if (!("OTPCredential" in window)) return "";
  waiting.abort();
  waiting = new AbortController();
  const otp = { transport: ["sms"] };
  const credential = await navigator.credentials.get({ otp, signal: waiting.signal }).catch(() => null);
  return credential?.code ?? "";
}
