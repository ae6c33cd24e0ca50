// Serves the handlers of a Next.js route, which take a Request of the web and return a Response:
// PORT=3000 node handlers.mjs ROUTE
import { createServer } from "node:http";
import { Readable } from "node:stream";

const [route] = process.argv.slice(2);
const handlers = await import(route);

const server = createServer(async (incoming, outgoing) => {
  const { method, headers, url } = incoming;
  const body = Readable.toWeb(incoming);
  const request = new Request(new URL(url, "http://localhost"), { method, headers, body, duplex: "half" });
  const response = await handlers[method](request);
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(await response.text());
});
server.listen(process.env.PORT);
