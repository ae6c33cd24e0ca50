/** Reads what is typed, and codes that are pasted with their message or offered by the browser from an SMS. */

// Look-alike characters are read as shared/typed.py reads them.
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
// Some dashes count as something else: minus signs, a bullet, and the long vowel mark of Japanese keyboards.
const DASH = /[\p{Pd}\u2212\u2043\u02d7\u30fc]/gu;

/** The text with the digits, spaces and dashes of any script, and small or full-width letters and signs,
 * as ASCII, and without what cannot be seen. */
export function plain(text) {
  return text
    .replace(INVISIBLE, "")
    .replace(/(?=[^0-9])\p{Nd}/gu, valueOf)
    .replace(/\p{Zs}/gu, " ")
    .replace(DASH, "-")
    .replace(/[\ufe50-\ufe6f\uff01-\uff5e]/g, (letter) => letter.normalize("NFKC"));
}

/** Each script has its ten digits in one run, and runs that meet hold whole tens. */
function valueOf(digit) {
  let first = digit.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return (digit.codePointAt(0) - first) % 10;
}

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
