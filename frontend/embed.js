/**
 * For other sites: shows the page of a verification in a dialog, and tells how it ended.
 *
 *     <script src="https://otp.example.com/static/embed.js"></script>
 *
 *     const { status, receipt } = await OTP.verify({ verificationId });
 *
 * The site's backend gets `verificationId` from POST /generate-otp. `status` is approved, expired, canceled,
 * max_attempts_reached, not_found or, if the person closes the dialog, closed. It is only a hint: the backend
 * must ask GET /verifications/{id}, or check the `receipt`, which apps get that ask for receipts. The site's origin
 * must be in OTP_RETURN_URLS.
 *
 * Rejects with an Error whose `code` says why the page cannot be shown: `not_allowed` (the site is not in
 * OTP_RETURN_URLS), `blocked` (by the site's own Content-Security-Policy) or `unreachable`.
 */
(() => {
  const home = new URL("..", document.currentScript.src);
  const LAST_LOOK_MS = 1200; // at "Verified"
  const LONGEST_LOAD_MS = 10_000;
  const LONGEST_GREETING_MS = 2000; // after the frame is loaded, because the page is in another process
  const LONGEST_PROBE_MS = 2000;

  const REASONS = {
    not_allowed: `${window.location.origin} isn’t allowed to show the page. Add it to OTP_RETURN_URLS.`,
    blocked: `The Content-Security-Policy of this site must allow ${home.origin} in frame-src and img-src.`,
    unreachable: `Can’t reach the service at ${home.origin}.`,
  };

  const STYLE = {
    dialog: { width: "min(26rem, 100vw)", maxWidth: "100vw", padding: "0", border: "0", borderRadius: "1rem" },
    // Hidden until the page tells its height, because the browser may show an error in its place.
    frame: {
      display: "block",
      width: "100%",
      height: "12rem",
      maxHeight: "85vh",
      border: "0",
      colorScheme: "normal",
      opacity: "0",
    },
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

  /** Without `language`, the browser's counts. The labels are for screen readers. */
  function verify({ verificationId, language, title = "Verification", closeLabel = "Close" }) {
    const page = new URL(`verify/${encodeURIComponent(verificationId)}`, home);
    page.searchParams.set("embed", window.location.origin);
    if (language) page.searchParams.set("lang", language);

    const dialog = make("dialog", STYLE.dialog);
    const frame = make("iframe", STYLE.frame, { src: page, title, allow: "otp-credentials" });
    const close = make("button", STYLE.close, { type: "button", textContent: "×", ariaLabel: closeLabel });
    dialog.setAttribute("aria-label", title);
    dialog.append(frame, close);

    return new Promise((resolve, reject) => {
      let status = "closed";
      let receipt;
      function listen({ origin, source, data }) {
        if (origin !== home.origin || source !== frame.contentWindow || data?.type !== "otp") return;
        stopWaiting();
        if (data.isClosed) return dialog.close();
        if (data.height > 0) Object.assign(frame.style, { height: `${data.height}px`, opacity: "1" });
        if (data.status) ({ status, receipt } = data);
        if (data.status === "approved") setTimeout(() => dialog.close(), LAST_LOOK_MS);
      }
      function fail(code) {
        reject(Object.assign(new Error(REASONS[code]), { code }));
        dialog.close();
      }
      const stopWaiting = watch(frame, fail);
      window.addEventListener("message", listen);
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => {
        stopWaiting();
        window.removeEventListener("message", listen);
        dialog.remove();
        resolve({ verificationId, status, receipt });
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  /** Calls `fail` with a reason if the page in the frame sends no message. Returns what ends the wait. */
  function watch(frame, fail) {
    const waiting = new AbortController();
    const { signal } = waiting;
    const end = (reason) => signal.aborted || fail(reason);
    let timer = setTimeout(end, LONGEST_LOAD_MS, "unreachable");
    // The browser also reports its own error page as loaded.
    const loaded = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => end((await isReachable()) ? "not_allowed" : "unreachable"), LONGEST_GREETING_MS);
    };
    frame.addEventListener("load", loaded, { signal });
    document.addEventListener(
      "securitypolicyviolation",
      ({ blockedURI }) => blockedURI.startsWith(home.origin) && end("blocked"),
      { signal },
    );
    return () => {
      clearTimeout(timer);
      waiting.abort();
    };
  }

  /** A browser does not tell why a frame stays empty. An image loads only if the service works. */
  function isReachable() {
    return new Promise((resolve) => {
      const onerror = () => setTimeout(resolve, 100, false); // A violation is reported later.
      const src = new URL(`static/favicon.svg?${Date.now()}`, home);
      setTimeout(resolve, LONGEST_PROBE_MS, false);
      Object.assign(new Image(), { onload: () => resolve(true), onerror, src });
    });
  }

  window.OTP = { verify };
})();
