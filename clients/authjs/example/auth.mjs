import { Sixpost } from "sixpost";
import { sendCode, SixpostPhone } from "sixpost-authjs";

const sixpost = new Sixpost({ url: process.env.SIXPOST_URL, key: process.env.SIXPOST_KEY });
const users = new Map(); // your table of users

export const config = {
  providers: [
    SixpostPhone(sixpost, (phone) => {
      if (!users.has(phone)) users.set(phone, { id: crypto.randomUUID(), name: phone });
      return users.get(phone);
    }),
  ],
  session: { strategy: "jwt" },
};

// The route that your page asks for a code, such as app/api/code/route.ts in Next.js.
export const POST = sendCode(sixpost);
