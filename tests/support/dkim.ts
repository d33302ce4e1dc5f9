/** Keys to sign with, and what a receiver who knows nothing of our code makes of the result. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { openSigner, type Signer, type SignerOptions } from "../../src/mail/dkim.ts";
import type { TxtRecord } from "../../src/mail/dkim-keys.ts";

export interface KeyFolder {
  /** Writes a key, or any text, to a file for its owner alone; its path. */
  write(name: string, content: KeyObject | string, mode?: number): string;
  path(name: string): string;
  remove(): void;
}

export function aKeyFolder(): KeyFolder {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-dkim-"));
  const path = (name: string) => join(folder, name);
  return {
    path,
    write(name, content, mode = 0o600) {
      const text = typeof content === "string" ? content : content.export({ type: "pkcs8", format: "pem" });
      writeFileSync(path(name), text, { mode });
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export function anRsaKey(bits = 2048): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;
}

export function anEdKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

/** A signer for paperboy.example whose warnings are kept. */
export async function aSigner(keys: string, of: Partial<SignerOptions> = {}): Promise<Signer & { warnings: string[] }> {
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const senders = { MAIL_FROM: "Paperboy <digest@paperboy.example>" };
  return { ...(await openSigner({ domain: "paperboy.example", keys, senders, log, ...of })), warnings };
}

/** What mailauth says of each signature of a message, the top one first: `selector algorithm result`. */
export async function verdicts(message: Buffer | string, records: readonly TxtRecord[]): Promise<string[]> {
  const resolver = async (name: string) => {
    const record = records.find((one) => one.name === name);
    if (record === undefined) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    return [[...record.strings]];
  };
  const raw = typeof message === "string" ? Buffer.from(message, "latin1") : message;
  const { results } = await dkimVerify(raw, { resolver });
  return results.map(({ selector, status }) => `${selector} ${status.header?.a} ${status.result}`);
}
