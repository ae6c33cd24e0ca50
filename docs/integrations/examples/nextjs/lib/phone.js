import { getIronSession } from "iron-session";
import { Sixpost, SixpostError } from "sixpost";

const { NODE_ENV, SESSION_SECRET, SIXPOST_KEY, SIXPOST_URL = "http://localhost:5000" } = process.env;
const cookieOptions = { secure: NODE_ENV === "production" };
const options = { cookieName: "phone", password: SESSION_SECRET, cookieOptions };
export const sixpost = new Sixpost({ url: SIXPOST_URL, key: SIXPOST_KEY });

/** Answers with the status and body that `act` returns, or with why Sixpost refused. */
export async function inSession(request, act) {
  const headers = new Headers();
  const session = await getIronSession(request, { headers }, options);
  try {
    const [status, body] = await act(session);
    await session.save();
    return Response.json(body, { status, headers });
  } catch (error) {
    if (!(error instanceof SixpostError) || error.status === 401) throw error;
    const { code, message: detail } = error;
    return Response.json({ code, detail }, { status: error.status || 503 });
  }
}
