/** How a hosted page gives the person back to the site that sent them: by return_url or embed.js. */
import { arrived } from "./state.js";

/** `status`: approved, or how else the verification ended. */
export function leave(status) {
  const { id, returnUrl, embedder } = arrived;
  if (embedder) window.parent.postMessage({ type: "otp", verificationId: id, status }, embedder);
  if (!returnUrl) return;
  const back = new URL(returnUrl);
  back.searchParams.set("verification_id", id);
  back.searchParams.set("status", status);
  for (const link of document.querySelectorAll("[data-return]")) link.href = back;
  if (status === "approved" && !embedder) location.replace(back);
}
