/**
 * For other sites: shows the page of a verification in a dialog, and tells how it ended.
 *
 *     <script src="https://otp.example.com/static/embed.js"></script>
 *
 *     const { status } = await OTP.verify({ verificationId });
 *
 * `verificationId` is what the site's backend was answered by POST /generate-otp. `status` is approved,
 * expired, canceled, max_attempts_reached, not_found, or closed by the person. It is a hint for the page:
 * what counts is what GET /verifications/{id} tells the backend. The site's origin has to be among
 * OTP_RETURN_URLS.
 */
(() => {
  const home = new URL("..", document.currentScript.src);
  const LAST_LOOK_MS = 1200; // at "Verified"

  const STYLE = {
    dialog: { width: "min(26rem, 100vw)", maxWidth: "100vw", padding: "0", border: "0", borderRadius: "1rem" },
    frame: { display: "block", width: "100%", height: "min(38rem, 85vh)", border: "0", colorScheme: "normal" },
    close: {
      position: "absolute",
      insetBlockStart: "0.5rem",
      insetInlineEnd: "0.5rem",
      width: "2.25rem",
      height: "2.25rem",
      border: "0",
      borderRadius: "50%",
      background: "transparent",
      color: "GrayText",
      font: "1.5rem/1 sans-serif",
    },
  };

  function make(name, style, properties) {
    const element = Object.assign(document.createElement(name), properties);
    Object.assign(element.style, style);
    return element;
  }

  /** `language` is one that the page has, the browser's without; the labels are for screen readers. */
  function verify({ verificationId, language, title = "Verification", closeLabel = "Close" }) {
    const page = new URL(`verify/${encodeURIComponent(verificationId)}`, home);
    page.searchParams.set("embed", window.location.origin);
    if (language) page.searchParams.set("lang", language);

    const dialog = make("dialog", STYLE.dialog);
    const frame = make("iframe", STYLE.frame, { src: page, title, allow: "otp-credentials" });
    const close = make("button", STYLE.close, { type: "button", textContent: "×", ariaLabel: closeLabel });
    dialog.setAttribute("aria-label", title);
    dialog.append(frame, close);

    return new Promise((resolve) => {
      let status = "closed";
      function listen({ origin, source, data }) {
        if (origin !== home.origin || source !== frame.contentWindow || data?.type !== "otp") return;
        if (data.isClosed) return dialog.close();
        status = data.status;
        if (status === "approved") setTimeout(() => dialog.close(), LAST_LOOK_MS);
      }
      window.addEventListener("message", listen);
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => {
        window.removeEventListener("message", listen);
        dialog.remove();
        resolve({ verificationId, status });
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  window.OTP = { verify };
})();
