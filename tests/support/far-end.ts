/** A mail server in a process of its own: takes thousands of mails a second, remembers each, and misbehaves as told. */
import { fileURLToPath } from "node:url";
import { startChild } from "./child.ts";

/** How it treats a mail. Shares are of all mails, 0 to 1, drawn by the seed; they exclude each other. */
export interface Manners {
  /** Answered 4yz: half of them at RCPT, half at the final dot. */
  readonly later: number;
  /** Answered 5yz, likewise. */
  readonly never: number;
  /** Hangs up at MAIL. */
  readonly hangUpAtMail: number;
  /** Hangs up when the first bytes of the mail come. */
  readonly hangUpInData: number;
  /** Keeps the mail and hangs up instead of answering its final dot. */
  readonly hangUpAfterDot: number;
  /** Time between the final dot and its answer, drawn anew each mail between the two. */
  readonly latencyMs: readonly [least: number, most: number];
  /** "421 later" to everything, then hangs up. */
  readonly shut: boolean;
  /** Refuses connections, and hangs up on those there are. */
  readonly away: boolean;
}

/**
 * What became of a mail whose final dot came. `deserted`: the sender was gone before the answer. A mail was taken unless it
 * was `deferred` or `refused`.
 */
export type FarAnswer = "accepted" | "deferred" | "refused" | "hung-up" | "deserted";

export interface FarMail {
  readonly messageId: string;
  /** Of the bytes between DATA and the final dot, as they came. */
  readonly sha256: string;
  readonly bytes: number;
  readonly to: string;
  /** Which of the server's ports it came to, from 0. */
  readonly door: number;
  /** Numbers all connections ever made. */
  readonly connection: number;
  /** When its final dot came, by the clock of this machine. */
  readonly at: number;
  readonly answer: FarAnswer;
  /** The id it was given when it was accepted. */
  readonly id: string;
}

export interface FarEndOptions extends Partial<Manners> {
  readonly seed?: number;
  /** Ports it listens on: one for each sender that is to be told apart. */
  readonly doors?: number;
  readonly pipelining?: boolean;
}

export interface FarEnd {
  readonly pid: number;
  /** Of the first door. */
  readonly url: string;
  /** Of every door. */
  readonly urls: readonly string[];
  /** Mails whose final dot came, as of a moment ago. */
  count(door?: number): number;
  /** Changes its manners from now on. */
  behave(manners: Partial<Manners>): Promise<void>;
  /** Every mail whose final dot came, in that order. */
  mails(): Promise<FarMail[]>;
  /** Begins anew. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** What the two processes say to each other; answers come in the order of the questions. */
export type ToFarEnd = { ask: "behave"; manners: Partial<Manners> } | { ask: "mails" } | { ask: "forget" };
export type FromFarEnd =
  | { say: "ports"; ports: readonly number[] }
  | { say: "counts"; counts: readonly number[] }
  | { say: "done"; mails: readonly FarMail[] };

const program = fileURLToPath(new URL("far-end-process.ts", import.meta.url));

export async function startFarEnd(options: FarEndOptions = {}): Promise<FarEnd> {
  const child = startChild(process.execPath, ["--import", "tsx", program, JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  let counts: readonly number[] = [];
  const asked: ((mails: readonly FarMail[]) => void)[] = [];
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    void child.gone.then((end) => reject(new Error(`the far end ended before it listened: ${end}`)));
    child.process.on("message", (message: FromFarEnd) => {
      if (message.say === "ports") resolve(message.ports);
      else if (message.say === "counts") counts = message.counts;
      else asked.shift()!(message.mails);
    });
  });
  const ask = (question: ToFarEnd) =>
    new Promise<readonly FarMail[]>((resolve, reject) => {
      if (!child.isRunning()) return reject(new Error("the far end is gone"));
      asked.push(resolve);
      child.process.send(question);
    });
  const urls = ports.map((port) => `smtp://127.0.0.1:${port}`);
  return {
    pid: child.pid,
    url: urls[0]!,
    urls,
    count: (door) => (door === undefined ? counts.reduce((sum, one) => sum + one, 0) : (counts[door] ?? 0)),
    behave: async (manners) => void (await ask({ ask: "behave", manners })),
    mails: async () => [...(await ask({ ask: "mails" }))],
    async forget() {
      await ask({ ask: "forget" });
      counts = [];
    },
    close: () => child.kill(),
  };
}
