/**
 * What a DKIM signature costs a mail of 30 kB: ours, Nodemailer's, and the bare signature of OpenSSL, 50 mails under way.
 * `threadMicros` is the CPU of the thread that sends: with one such thread a worker, that is what bounds the rate.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import DKIM from "nodemailer/lib/dkim";
import { signedHeaders } from "../../src/mail/dkim.ts";
import { aKeyFolder, aSigner } from "../support/dkim.ts";

const UNDER_WAY = 50;
const SECONDS = 2;
const ROUNDS = 3;

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ed = generateKeyPairSync("ed25519").privateKey;
const raw = aMail(30_000);
const at = new Date("2026-04-02T07:00:00Z");
const folder = aKeyFolder();
const files = { rsa: `s1:${folder.write("rsa", rsa)}`, ed: `ed:${folder.write("ed", ed)}` };
const ours = await aSigner(files.rsa);
const both = await aSigner(`${files.rsa},${files.ed}`);
const edAlone = await aSigner(files.ed);
folder.remove();

const ways: Readonly<Record<string, () => unknown>> = {
  "ours, RSA-2048": () => ours.sign(raw, { at }),
  "ours, RSA-2048 and Ed25519": () => both.sign(raw, { at }),
  "ours, Ed25519": () => edAlone.sign(raw, { at }),
  "Nodemailer, RSA-2048 in PEM": nodemailers(rsa.export({ type: "pkcs8", format: "pem" }) as string),
  "Nodemailer, RSA-2048 as KeyObject": nodemailers(rsa),
  "bare RSA-2048, in the thread pool": () =>
    new Promise((resolve, reject) =>
      sign("sha256", raw.subarray(0, 1_200), rsa, (error, bytes) => (error ? reject(error) : resolve(bytes))),
    ),
  "bare RSA-2048, in the sending thread": () => sign("sha256", raw.subarray(0, 1_200), rsa),
};

const rows = new Map<string, Figures[]>(Object.keys(ways).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1)
  for (const [name, way] of Object.entries(ways)) rows.get(name)!.push(await measure(way));

const medians = [...rows].map(([name, figures]) => ({
  name,
  ...Object.fromEntries(
    (["perSecond", "cpuMicros", "threadMicros"] as const).map((key) => [
      key,
      Math.round(figures.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!),
    ]),
  ),
}));
console.log(`${raw.length} bytes a mail, ${UNDER_WAY} under way, ${cpus().length} cores, median of ${ROUNDS} rounds\n`);
console.table(medians);
console.log(JSON.stringify({ bench: "dkim", bytes: raw.length, underWay: UNDER_WAY, cores: cpus().length, medians }));

interface Figures {
  readonly perSecond: number;
  /** Of all threads, a mail. */
  readonly cpuMicros: number;
  /** Of the thread that runs our code; NaN where the kernel does not tell (it is Linux that does). */
  readonly threadMicros: number;
}

async function measure(way: () => unknown): Promise<Figures> {
  const [from, cpu, thread] = [performance.now(), process.cpuUsage(), ourThreadMicros()];
  let mails = 0;
  await Promise.all(
    Array.from({ length: UNDER_WAY }, async () => {
      while (performance.now() - from < SECONDS * 1_000) {
        await way();
        mails += 1;
        // Something else has its turn, as between two mails on a wire; else what never waits would starve the rest.
        await new Promise(setImmediate);
      }
    }),
  );
  const ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (1_000 * mails) / ms,
    cpuMicros: (user + system) / mails,
    threadMicros: (ourThreadMicros() - thread) / mails,
  };
}

/** First of its three numbers: nanoseconds on a core. */
function ourThreadMicros(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1_000;
  } catch {
    return Number.NaN;
  }
}

/** Nodemailer's signer, with our list of headers: its own leaves out List-Unsubscribe-Post. */
function nodemailers(privateKey: string | KeyObject): () => Promise<void> {
  const dkim = new DKIM({
    domainName: "paperboy.example",
    keySelector: "s1",
    privateKey: privateKey as never,
    headerFieldNames: signedHeaders.join(":"),
  });
  return async () => {
    let bytes = 0;
    for await (const chunk of dkim.sign(raw)) bytes += chunk.length;
    if (bytes <= raw.length) throw new Error("Nodemailer signed nothing");
  };
}

/** With the headers of a digest, and quoted-printable text of lines with runs of spaces, as its parts are. */
function aMail(bytes: number): Buffer {
  const head = signedHeaders
    .map((name) => `${name}: <https://paperboy.example/something/of/usual/length>\r\n`)
    .join("");
  const paragraph = `   ${"Rewards each token by how much it ".repeat(2)}=\r\nsways.\r\n\r\n`;
  return Buffer.from(`${head}\r\n${paragraph.repeat(bytes / paragraph.length)}`.slice(0, bytes - 2).concat("\r\n"));
}
