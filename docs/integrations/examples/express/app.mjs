import express from "express";
import session from "express-session";
import { Sixpost, SixpostError } from "sixpost";

const { PORT = 3000, SESSION_SECRET, SIXPOST_KEY, SIXPOST_URL } = process.env;
const sixpost = new Sixpost({ url: SIXPOST_URL, key: SIXPOST_KEY });
const app = express();
app.use(express.json());
app.use(
  session({
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: "lax", secure: "auto" },
  }),
);

app.post("/code", async (request, response) => {
  const { phone } = request.body ?? {};
  const { verification_id, message } = await sixpost.start({ phone });
  request.session.pending = { phone, verification_id };
  response.status(202).json({ message });
});

app.post("/code/check", async (request, response, next) => {
  const { pending } = request.session;
  if (!pending) return response.status(409).json({ detail: "Request a code first." });
  await sixpost.check({ verification_id: pending.verification_id, otp: request.body?.code });
  // The number comes from the session. With the code, a browser could send another one.
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.phone = pending.phone;
    response.json({ phone: pending.phone });
  });
});

app.get("/account", (request, response) => {
  const { phone } = request.session;
  response.status(phone ? 200 : 401).json({ phone });
});

// Express 5 brings the errors of async handlers here.
app.use((error, request, response, next) => {
  if (!(error instanceof SixpostError)) return next(error);
  if (error.status === 401) return next(new Error(error.message)); // a wrong API key
  response.status(error.status || 503).json({ code: error.code, detail: error.message });
});

app.listen(PORT);
