/** Before the door opens: everything a visitor may ask for first is done once without one. */
import { Agent, type RequestListener, request } from "node:http";
import { listen } from "./listen.ts";

/**
 * So often is each thing asked for. Templates, schemas and plurals are compiled at the first time; code that runs often, some
 * dozen times later. The first round takes 200 ms of processor time, the second 35, from the eighth on 20 (measured).
 */
const ROUNDS = 10;

/** Nothing of it is kept: forms that say what is wrong with them, or that only a program fills in. */
const FORM = "application/x-www-form-urlencoded";
const program = "email=nobody%40example.org&homepage=rehearsal";
const VISITS: readonly { readonly path: string; readonly type?: string; readonly body?: string }[] = [
  { path: "/" },
  { path: "/lost-link" },
  { path: "/subscriptions", type: FORM, body: program },
  { path: "/subscriptions", type: FORM, body: "email=nobody&zone=nowhere" },
  { path: "/lost-link", type: FORM, body: program },
  { path: "/api/v1/subscriptions", type: "application/json", body: '{"email":"nobody","hour":8}' },
];

/** @param handler answers on a port that nobody knows, on this machine alone */
export async function rehearse(handler: RequestListener): Promise<void> {
  const stage = await listen(handler, 0, "127.0.0.1");
  const agent = new Agent({ keepAlive: true });
  try {
    for (let round = 0; round < ROUNDS; round += 1)
      await Promise.all(VISITS.map((visit) => ask(stage.port, agent, visit)));
  } finally {
    agent.destroy();
    await stage.close();
  }
}

/** Resolves when it was answered, whatever the answer. */
function ask(port: number, agent: Agent, { path, type, body }: (typeof VISITS)[number]): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(body) };
    const method = body === undefined ? "GET" : "POST";
    const asking = request({ host: "127.0.0.1", port, path, method, headers, agent }, (answer) => {
      answer.resume().once("end", resolve).once("error", reject);
    });
    asking.once("error", reject);
    asking.end(body);
  });
}
