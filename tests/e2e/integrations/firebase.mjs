// Serves the Firebase example, with a stand-in for getAuth() of firebase-admin that has no users.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { confirm, start } from "./phone.js";

const uids = new Map();
const auth = {
  async getUserByPhoneNumber(phone) {
    if (!uids.has(phone)) throw Object.assign(new Error(), { code: "auth/user-not-found" });
    return { uid: uids.get(phone) };
  },
  async createUser({ phoneNumber }) {
    uids.set(phoneNumber, `uid-${uids.size}`);
    return this.getUserByPhoneNumber(phoneNumber);
  },
  createCustomToken: async (uid) => `token of ${uid}`,
};
const calls = {
  "/code": ({ phone }) => start(phone),
  "/code/check": ({ phone, code }) => confirm(auth, phone, code),
};

const server = createServer(async (incoming, outgoing) => {
  const call = calls[incoming.url];
  const answer = await call(JSON.parse(await text(incoming))).catch((error) => error.code);
  outgoing.end(JSON.stringify(answer));
});
server.listen(process.env.PORT);
