/** The mail server of far-end.ts. Argument: its options as JSON. Ends with its parent. */
import { createHash } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { FarAnswer, FarEndOptions, FarMail, FromFarEnd, Manners, ToFarEnd } from "./far-end.ts";
import { seeded } from "./random.ts";

const { seed = 1, doors = 1, pipelining = true, ...given } = JSON.parse(process.argv[2] ?? "{}") as FarEndOptions;
let manners: Manners = {
  ...{ later: 0, never: 0, hangUpAtMail: 0, hangUpInData: 0, hangUpAfterDot: 0 },
  ...{ latencyMs: [0, 0], shut: false, away: false },
  ...given,
};
const random = seeded(seed);
const sockets = new Set<Socket>();
/** Those we ended while they were of use to somebody. */
const cut = new WeakSet<Socket>();
const counts: number[] = Array.from({ length: doors }, () => 0);
let mails: FarMail[] = [];
let connections = 0;

type Fate = "taken" | "later" | "never" | "hangUpAtMail" | "hangUpInData" | "hangUpAfterDot";

/** What will happen to the next mail, and whether an answer against it comes at RCPT. */
function draw(): { fate: Fate; early: boolean } {
  let left = random();
  const early = random() < 0.5;
  for (const fate of ["later", "never", "hangUpAtMail", "hangUpInData", "hangUpAfterDot"] as const) {
    if (left < manners[fate]) return { fate, early };
    left -= manners[fate];
  }
  return { fate: "taken", early };
}

const DOT = Buffer.from("\r\n.\r\n");

function serve(socket: Socket, door: number): void {
  const connection = ++connections;
  sockets.add(socket);
  socket.setNoDelay(true);
  let buffer: Buffer = Buffer.alloc(0);
  let mail: { fate: Fate; early: boolean; to: string } | null = null;
  let isData = false;
  /** The final dot is not answered yet: what a pipelining sender says meanwhile waits. */
  let isBusy = false;
  let searched = 0;

  const say = (line: string) => socket.write(`${line}\r\n`);
  const hangUp = () => socket.destroy();

  socket.on("data", (chunk) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    read();
  });
  socket.on("error", () => {}); // the sender was killed: what this server is for
  socket.on("close", () => sockets.delete(socket));
  if (manners.shut) socket.end("421 4.3.2 later\r\n");
  else say("220 far-end.example ESMTP");

  function read(): void {
    while (!isBusy && !socket.destroyed && buffer.length > 0) {
      if (isData) {
        if (mail!.fate === "hangUpInData") return void hangUp();
        const end = buffer.indexOf(DOT, Math.max(0, searched - DOT.length));
        searched = buffer.length;
        if (end < 0) return;
        const raw = buffer.subarray(0, end + 2);
        buffer = buffer.subarray(end + DOT.length);
        take(raw);
      } else {
        const end = buffer.indexOf("\r\n");
        if (end < 0) return;
        const line = buffer.toString("latin1", 0, end);
        buffer = buffer.subarray(end + 2);
        obey(line);
      }
    }
  }

  function obey(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (manners.shut) return void socket.end("421 4.3.2 later\r\n");
    if (verb === "EHLO") say(`250-far-end.example\r\n${pipelining ? "250-PIPELINING\r\n" : ""}250 8BITMIME`);
    else if (verb === "MAIL") {
      mail = { ...draw(), to: "" };
      if (mail.fate === "hangUpAtMail") hangUp();
      else say("250 2.1.0 OK");
    } else if (verb === "RCPT") {
      if (mail === null) say("503 5.5.1 MAIL first");
      else if (mail.early && mail.fate === "later") say("450 4.2.0 try again later");
      else if (mail.early && mail.fate === "never") say("550 5.1.1 no such mailbox");
      else {
        mail.to = /<(.*?)>/u.exec(line)?.[1] ?? "";
        say("250 2.1.5 OK");
      }
    } else if (verb === "DATA") {
      if (!mail?.to) say("503 5.5.1 no valid recipients");
      else {
        isData = true;
        searched = 0;
        say("354 go on");
      }
    } else if (verb === "RSET") {
      mail = null;
      say("250 2.0.0 OK");
    } else if (verb === "QUIT") socket.end("221 2.0.0 bye\r\n");
    else say(verb === "NOOP" ? "250 2.0.0 OK" : "502 5.5.1 not here");
  }

  function take(raw: Buffer): void {
    const at = Date.now();
    const { fate, to } = mail!;
    const headers = raw.toString("latin1", 0, Math.min(raw.length, 8_192));
    const messageId = /^Message-ID: *(?:\r\n )?<(.*?)>/imu.exec(headers)?.[1] ?? "";
    const sha256 = createHash("sha256").update(raw).digest("base64url");
    const id = `F${connection}.${counts[door]!}`;
    const [least, most] = manners.latencyMs;
    isData = false;
    isBusy = true;
    mail = null;
    counts[door]! += 1;
    const answer = () => {
      const ended = outcome(fate);
      mails.push({ messageId, sha256, bytes: raw.length, to, door, connection, at, answer: ended, id });
      isBusy = false;
      if (ended === "accepted") say(`250 2.0.0 OK: queued as ${id}`);
      else if (ended === "deferred") say("451 4.7.1 try again later");
      else if (ended === "refused") say("554 5.7.1 not wanted");
      else hangUp();
      read();
    };
    const waitMs = least + random() * (most - least);
    if (waitMs > 0) setTimeout(answer, waitMs);
    else answer();
  }

  function outcome(fate: Fate): FarAnswer {
    if (fate === "later") return "deferred";
    if (fate === "never") return "refused";
    if (fate === "hangUpAfterDot" || cut.has(socket)) return "hung-up";
    return sockets.has(socket) ? "accepted" : "deserted";
  }
}

const servers: { server: Server; port: number }[] = [];
for (let door = 0; door < doors; door += 1) {
  const server = createServer((socket) => serve(socket, door));
  await listen(server, 0);
  servers.push({ server, port: (server.address() as { port: number }).port });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", backlog: 1_024 }, () => resolve());
  });
}

async function behave(change: Partial<Manners>): Promise<void> {
  const wasAway = manners.away;
  manners = { ...manners, ...change };
  if (manners.away && !wasAway) {
    for (const { server } of servers) server.close();
    for (const socket of sockets) cut.add(socket.destroy());
  }
  if (!manners.away && wasAway) for (const { server, port } of servers) await listen(server, port);
}

const say = (message: FromFarEnd) => void process.send!(message);
let said = 0;
setInterval(() => {
  const all = counts.reduce((sum, one) => sum + one, 0);
  if (all !== said) say({ say: "counts", counts });
  said = all;
}, 20);
process.on("disconnect", () => process.exit(0));
process.on("message", async (question: ToFarEnd) => {
  if (question.ask === "behave") await behave(question.manners);
  if (question.ask === "forget") {
    mails = [];
    counts.fill(0);
    said = 0;
  }
  say({ say: "done", mails: question.ask === "mails" ? [...mails].sort((a, b) => a.at - b.at) : [] });
});
say({ say: "ports", ports: servers.map(({ port }) => port) });
