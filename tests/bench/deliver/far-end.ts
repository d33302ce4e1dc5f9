/** What takes the mails of a benchmark: Postfix's `smtp-sink`, else a server of our own in a process of its own. */
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { freePort } from "../../support/free-port.ts";
import { listening, program, type Running, start } from "../../support/processes.ts";

export interface FarEnd extends Running {
  readonly port: number;
  readonly name: string;
}

/** Root has to name somebody else to run as; Debian's postfix comes with this user. */
const SINK_USER = "postfix";

export async function startSink(): Promise<FarEnd> {
  const port = await freePort();
  const sink = program("smtp-sink");
  const asUser = userInfo().uid === 0 ? ["-u", SINK_USER] : [];
  const running = sink
    ? start(sink, [...asUser, `127.0.0.1:${port}`, "1000"])
    : start(process.execPath, ["--import", "tsx", fileURLToPath(new URL("sink.ts", import.meta.url)), String(port)]);
  await listening(port);
  return {
    ...running,
    port,
    name: sink ? "smtp-sink" : "a sink of our own (no smtp-sink here: postfix is not installed)",
  };
}
