import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { phoneNumber } from "better-auth/plugins";
import { Sixpost } from "sixpost";
import { sixpostCodes } from "sixpost-better-auth";

const sixpost = new Sixpost({ url: process.env.SIXPOST_URL, key: process.env.SIXPOST_KEY });

export const auth = betterAuth({
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }), // yours instead
  plugins: [
    phoneNumber({
      ...sixpostCodes(sixpost),
      signUpOnVerification: { getTempEmail: (phone) => `${phone.slice(1)}@phone.invalid` },
    }),
  ],
});
