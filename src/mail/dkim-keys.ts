/** The private keys that DKIM_KEYS names: read, refused when they cannot sign, and what DNS must say of each. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { Invalid, type Problem } from "../errors.ts";

export interface DkimKey {
  readonly selector: string;
  readonly path: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A TXT record that verifiers ask for. */
export interface TxtRecord {
  readonly name: string;
  /** Its parts in their order: none may be longer than 255 bytes (RFC 1035 3.3.14), and an RSA-2048 key is. */
  readonly strings: readonly string[];
}

interface KeyFile {
  readonly selector: string;
  readonly path: string;
}

/** Bits of an RSA key: with fewer a signature does not count, and what a signer should have (RFC 8301 3.2). */
const BITS = { least: 1024, advised: 2048 };
const MAKE_KEY = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out";

/**
 * Reads `DKIM_KEYS`: `selector:path`, separated by commas.
 *
 * @throws {Invalid} saying which entry is wrong, by its place: what stands there may be the key itself
 */
export function parseDkimKeys(text: string): KeyFile[] {
  const entries = text.split(",").map((entry) => entry.trim());
  const files = entries.filter(Boolean).map((entry, index): KeyFile => {
    const [, selector, path] = /^([^:]*):(.+)$/u.exec(entry) ?? [];
    if (selector === undefined || path === undefined || entry.includes("-----BEGIN"))
      throw wrong(`entry ${index + 1} is not selector:path. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem`);
    // RFC 6376 3.1: labels of a domain name.
    if (!/^(?!-)[a-z\d-]{1,63}(?<!-)(?:\.(?!-)[a-z\d-]{1,63}(?<!-))*$/iu.test(selector))
      throw wrong(
        `"${selector}" is not a selector: it becomes part of a domain name. Write letters, digits and hyphens: s1`,
      );
    return { selector, path: path.trim() };
  });
  if (files.length === 0) throw wrong("it names no key. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem");
  const selectors = files.map(({ selector }) => selector.toLowerCase());
  const twice = selectors.find((selector, i) => selectors.indexOf(selector) < i);
  if (twice !== undefined) throw wrong(`two keys have the selector "${twice}". Give each its own`);
  return files;
}

/**
 * @param warn told of what works and should not stay so
 * @throws {Invalid} naming every file that holds no key to sign with, and what to do about it
 */
export async function readDkimKeys(files: readonly KeyFile[], warn: (message: string) => void): Promise<DkimKey[]> {
  const keys: DkimKey[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      keys.push(await readKey(file, warn));
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new Invalid(problems.map(({ message }) => message).join("\n"), problems);
  if (!keys.some(({ algorithm }) => algorithm === "rsa-sha256"))
    warn("DKIM_KEYS has no RSA key, and many receivers verify no other. Write one beside the Ed25519 key");
  return keys;
}

/** What `<selector>._domainkey.<domain>` must say (RFC 6376 3.6.1, RFC 8463 4). */
export function recordOf(domain: string, { selector, algorithm, publicKey }: DkimKey): TxtRecord {
  const der = publicKey.export({ type: "spki", format: "der" });
  // Ed25519: the bare 32 bytes, which stand last in the SPKI form.
  const [type, bytes] = algorithm === "rsa-sha256" ? ["rsa", der] : ["ed25519", der.subarray(-32)];
  const value = `v=DKIM1; k=${type}; p=${bytes.toString("base64")}`;
  return { name: `${selector}._domainkey.${domain}`, strings: value.match(/.{1,255}/gu)! };
}

async function readKey({ selector, path }: KeyFile, warn: (message: string) => void): Promise<DkimKey> {
  const { pem, isPublic } = await readPem(path);
  if (isPublic) warn(`DKIM_KEYS: everybody on this machine can read ${path}, and sign as you. Run: chmod 600 ${path}`);
  const privateKey = parsePem(pem, path);
  const publicKey = createPublicKey(privateKey);
  if (privateKey.asymmetricKeyType === "ed25519")
    return { selector, path, algorithm: "ed25519-sha256", privateKey, publicKey };
  if (privateKey.asymmetricKeyType !== "rsa")
    throw wrong(
      `${path} holds a key of type ${privateKey.asymmetricKeyType}, and DKIM knows rsa and ed25519. ${remedy(path)}`,
    );
  const bits = privateKey.asymmetricKeyDetails!.modulusLength!;
  if (bits < BITS.least)
    throw wrong(
      `the RSA key in ${path} has ${bits} bits, and receivers refuse fewer than ${BITS.least}. ${remedy(path)}`,
    );
  if (bits < BITS.advised)
    warn(`DKIM_KEYS: the RSA key in ${path} has ${bits} bits; RFC 8301 asks for ${BITS.advised}. ${remedy(path)}`);
  return { selector, path, algorithm: "rsa-sha256", privateKey, publicKey };
}

async function readPem(path: string): Promise<{ readonly pem: string; readonly isPublic: boolean }> {
  try {
    const [pem, { mode }] = await Promise.all([readFile(path, "latin1"), stat(path)]);
    // Windows has no such bits and shows them all as set.
    return { pem, isPublic: process.platform !== "win32" && (mode & 0o004) !== 0 };
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    const why = { ENOENT: "there is no such file", EACCES: "this user may not read it", EISDIR: "it is a folder" }[
      code
    ];
    throw wrong(`${path} cannot be read: ${why ?? code}. Write the path of a private key in PEM`, { cause });
  }
}

function parsePem(pem: string, path: string): KeyObject {
  if (/ENCRYPTED/u.test(pem))
    throw wrong(
      `the key in ${path} is locked by a passphrase. Write it out without: openssl pkey -in ${path} -out NEW`,
    );
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const what = /BEGIN (?:RSA )?PUBLIC KEY/u.test(pem) ? "the public half of a key" : "no private key in PEM";
    throw wrong(`${path} holds ${what}, and signing needs the private one. ${remedy(path)}`, { cause });
  }
}

function remedy(path: string): string {
  return `Make one: ${MAKE_KEY} ${path}`;
}

function wrong(what: string, options?: ErrorOptions): Invalid {
  const message = `DKIM_KEYS: ${what}`;
  return new Invalid(message, [{ field: "DKIM_KEYS", message }], options);
}
