/** A real SMTP server that keeps what it takes and can misbehave at any step. */
import { createServer, type Socket } from "node:net";

/** Where in a session the server stands when it decides how to behave. `body`: in the middle of DATA; `dot`: after it. */
export type Step = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "body" | "dot";

/** `close` hangs up, `silence` never answers, anything else is what it says. Undefined: it behaves. */
export type Misbehaviour = "close" | "silence" | `${number}${string}` | undefined;

export interface Taken {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, dots unstuffed. */
  readonly raw: string;
}

export interface SmtpServer {
  readonly url: string;
  /** Mails answered 250, in their order. */
  readonly taken: readonly Taken[];
  /** Mails whose final dot arrived, whatever was answered. */
  readonly seen: readonly Taken[];
  readonly sessions: number;
  /** Hangs up on every connection, as a server does that restarts. */
  hangUp(): void;
  close(): Promise<void>;
}

/** @param behave asked at every step, with how often this step was reached before, and what the sender said to get there */
export async function openSmtp(
  behave: (step: Step, times: number, said: string) => Misbehaviour | Promise<Misbehaviour> = () => undefined,
  { auth = false }: { auth?: boolean } = {},
): Promise<SmtpServer> {
  const state = { taken: [] as Taken[], seen: [] as Taken[], sessions: 0 };
  const sockets = new Set<Socket>();
  const reached = new Map<Step, number>();
  const decide = async (step: Step, said = ""): Promise<Misbehaviour> => {
    const times = reached.get(step) ?? 0;
    reached.set(step, times + 1);
    return behave(step, times, said);
  };
  const server = createServer((socket) => {
    state.sessions += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // the far end hung up: what this server exists to provoke
    // A socket that ends in mid-read rejects; anything else is a mistake of this server and may fail the run.
    serve(socket, decide, state, auth).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE" && error.code !== "ECONNRESET" && error.code !== "EPIPE")
        throw error;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    get taken() {
      return state.taken;
    },
    get seen() {
      return state.seen;
    },
    get sessions() {
      return state.sessions;
    },
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(
  socket: Socket,
  decide: (step: Step, said?: string) => Promise<Misbehaviour>,
  state: { taken: Taken[]; seen: Taken[] },
  auth: boolean,
): Promise<void> {
  /** Says `usual` unless the story wants otherwise; false when the session cannot go on as usual. */
  const answer = async (step: Step, usual: string, said = ""): Promise<boolean> => {
    const behaviour = await decide(step, said);
    if (behaviour === "silence") return new Promise((resolve) => socket.once("close", () => resolve(false)));
    if (behaviour === "close") {
      socket.destroy();
      return false;
    }
    socket.write(`${behaviour ?? usual}\r\n`);
    return behaviour === undefined;
  };

  let from = "";
  let to: string[] = [];
  let body: string | null = null;
  let buffered = "";
  if (!(await answer("greeting", "220 test.example ESMTP"))) return;
  for await (const chunk of socket.setEncoding("latin1")) {
    buffered += chunk;
    if (body !== null && body === "" && buffered.length > 0) {
      const behaviour = await decide("body");
      if (behaviour === "close") return void socket.destroy();
      if (behaviour === "silence") await new Promise((resolve) => socket.once("close", resolve));
      body = " ";
    }
    for (;;) {
      if (body !== null) {
        const end = `\r\n${buffered}`.indexOf("\r\n.\r\n");
        if (end < 0) break;
        const mail = { from, to, raw: buffered.slice(0, end).replace(/^\./gmu, "") };
        buffered = buffered.slice(end + 3);
        body = null;
        to = [];
        state.seen.push(mail);
        if (await answer("dot", "250 2.0.0 OK: queued as TEST1")) state.taken.push(mail);
        continue;
      }
      const end = buffered.indexOf("\r\n");
      if (end < 0) break;
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "EHLO") await answer("ehlo", `250-test.example\r\n${auth ? "250-AUTH PLAIN\r\n" : ""}250 8BITMIME`);
      else if (verb === "AUTH") await answer("auth", "235 2.7.0 OK");
      else if (verb === "MAIL") {
        if (await answer("mail", "250 OK", line)) from = /<(.*?)>/u.exec(line)?.[1] ?? "";
      } else if (verb === "RCPT") {
        if (await answer("rcpt", "250 OK", line)) to.push(/<(.*?)>/u.exec(line)?.[1] ?? "");
      } else if (verb === "DATA") {
        if (await answer("data", "354 go on")) body = "";
      } else if (verb === "QUIT") socket.end("221 bye\r\n");
      else socket.write(verb === "RSET" || verb === "NOOP" ? "250 OK\r\n" : "502 5.5.1 not here\r\n");
    }
  }
}
