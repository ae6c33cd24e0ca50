import { inSession, sixpost } from "../../../lib/phone.js";

export async function POST(request) {
  const { phone } = await request.json();
  return inSession(request, async (session) => {
    const { verification_id, message } = await sixpost.start({ phone });
    session.pending = { phone, verification_id };
    return [202, { message }];
  });
}

export async function PUT(request) {
  const { code } = await request.json();
  return inSession(request, async (session) => {
    const { phone, verification_id } = session.pending ?? {};
    if (!phone) return [409, { detail: "Request a code first." }];
    await sixpost.check({ verification_id, otp: code });
    // The number comes from the session. With the code, a browser could send another one.
    delete session.pending;
    session.phone = phone;
    return [200, { phone }];
  });
}
