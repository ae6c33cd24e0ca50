/** Every sentence that the script says, in one place. */

export const DELIVERY = {
  queued: "Waiting to be sent",
  sending: "Being sent",
  sent: "Handed to the carrier",
  delivered: "Delivered",
  undelivered: "Could not be delivered",
  failed: "Not sent",
  dropped: "Not sent",
};

const REASONS = {
  approved: "the code was used",
  canceled: "it was canceled",
  expired: "the code had expired",
  max_attempts_reached: "there were too many wrong codes",
  out_of_attempts: "no provider took it",
  superseded: "a newer code took its place",
};

export const BY_CHANNEL = {
  sms: "by text message",
  whatsapp: "by WhatsApp",
  call: "by voice call",
  email: "by e-mail",
};

/** How a verification can end other than well: what the page says then. */
export const ENDED = {
  expired: ["The code has expired", "Codes are short-lived on purpose. Get a new one when you are ready."],
  max_attempts_reached: ["Too many wrong codes", "This code cannot be used any more, not even the right one."],
  canceled: ["The code was canceled", "It cannot be used any more. Get a new one when you are ready."],
  not_found: ["The code is gone", "It has expired, was used or was canceled. Get a new one when you are ready."],
};

export const NO_ADDRESS = { phone: "Enter your phone number.", email: "Enter your e-mail address." };
export const CHANGE = { phone: "Use another number", email: "Use another address" };
export const PROVING = "Checking that you are not a robot…";
export const NO_PROOF = "Your browser could not finish the check. Please try again.";
export const NEEDS_HTTPS = "This page can send a code only when it is opened over https://.";
export const RESTORING = "The service cannot be reached. Trying again…";
export const TYPE_AGAIN = "Please type it again: for your privacy this page does not keep it.";
export const MAY_RESEND = "You can ask for the code again now.";
export const LAST_MINUTE = "One minute left to enter the code.";

export const onItsWay = (to, life) => `A code is on its way to ${to}. It is valid for ${duration(life)}.`;
export const codeMissing = (length) => `Enter all ${length} digits of the code.`;
export const wrongCode = (left) => `That code is wrong. ${triesLeft(left)}.`;
export const triesLeft = (left) => (left === 1 ? "1 try left" : `${left} tries left`);
export const sendsLeft = (left) => (left === 1 ? "1 send left" : `${left || "No"} sends left`);

export function delivery(send) {
  const { status, reason, channel } = send ?? {};
  if (status === "sent" && channel === "email") return "Handed to the mail server";
  const words = DELIVERY[status] ?? "";
  return reason && words === "Not sent" ? `${words}: ${REASONS[reason] ?? reason.replaceAll("_", " ")}` : words;
}

/** What is wrong with the field where the service says it, which it does in half a sentence. */
export function refusal({ errors, detail }) {
  const text = errors?.[0]?.message ?? detail;
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** 25 s, 4:59 or 1:00:00. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}
