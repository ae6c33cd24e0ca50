import { Sixpost } from "sixpost";

const sixpost = new Sixpost({ url: process.env.SIXPOST_URL, key: process.env.SIXPOST_KEY });

/** Instead of signInWithPhoneNumber(). The message is for the person. */
export async function start(phone) {
  return (await sixpost.start({ phone })).message;
}

/** Instead of confirm(). The code is checked for this number, so the token is its holder's. */
export async function confirm(auth, phone, otp) {
  await sixpost.check({ phone, otp });
  const { uid } = await userOf(auth, phone);
  return auth.createCustomToken(uid);
}

async function userOf(auth, phone) {
  try {
    return await auth.getUserByPhoneNumber(phone);
  } catch (error) {
    if (error.code !== "auth/user-not-found") throw error;
    return auth.createUser({ phoneNumber: phone });
  }
}
