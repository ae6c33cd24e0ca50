const result = document.getElementById("result");

document.getElementById("dialog").addEventListener("click", async () => {
  const started = await (await fetch("start", { method: "POST" })).json();
  if (started.detail) {
    result.textContent = started.detail;
    return;
  }
  let ended;
  try {
    ended = await OTP.verify({ verificationId: started.verification_id });
  } catch (error) {
    result.textContent = error.message;
    return;
  }
  const { verificationId, status } = ended;
  if (status !== "approved") {
    result.textContent = `Not confirmed: ${status}.`;
    return;
  }
  // The shop's backend asks the service before it believes that.
  const done = await fetch(`done?verification_id=${verificationId}`);
  result.textContent = `The service says: ${await done.text()}.`;
});
