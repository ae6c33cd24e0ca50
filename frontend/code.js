/** The code, wherever it comes from: typed, pasted with the message around it, or out of the SMS. */

// The zeros of the digits that keyboards of the page's languages have besides the ASCII ones.
const ZEROS = [0x660, 0x6f0, 0x966, 0xff10];

const ascii = (text) =>
  text.replace(/\p{Nd}/gu, (digit) => {
    const zero = ZEROS.find((zero) => zero <= digit.codePointAt(0) && digit.codePointAt(0) < zero + 10);
    return zero ? digit.codePointAt(0) - zero : digit;
  });

/** The code in a message, "" if there is none: so many digits on their own, or with a space or a
 * dash between them. */
export function codeIn(message, length) {
  const text = ascii(message);
  const whole = new RegExp(`(?:^|\\D)(\\d{${length}})(?!\\d)`);
  const parted = new RegExp(`(?:^|[^\\d -])[ -]*(\\d(?:[ -]?\\d){${length - 1}})(?![ -]?\\d)`);
  return digitsOf((whole.exec(text) ?? parted.exec(text))?.[1] ?? "");
}

export function digitsOf(text) {
  return ascii(text).replace(/\D/g, "");
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
