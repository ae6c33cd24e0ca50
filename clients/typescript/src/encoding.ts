export const utf8 = (text: string) => new TextEncoder().encode(text);

/** Reads base64 and base64url. Returns no bytes for anything else. */
export function fromBase64(text = "") {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (byte) => byte.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Returns undefined for anything but JSON. */
export function jsonIn(given: string | Uint8Array): any {
  try {
    return JSON.parse(typeof given === "string" ? given : new TextDecoder().decode(given));
  } catch {
    return undefined;
  }
}
