/** A name server on loopback that knows a few TXT and A records, for programs that ask DNS themselves. */
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

export interface NameServer {
  readonly port: number;
  /** Names that were asked for, small letters. */
  readonly asked: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Strings of a TXT record (RFC 1035 3.3.14), or an IPv4 address. */
export type Records = Readonly<Record<string, { readonly txt: readonly string[] } | { readonly a: string }>>;

const TYPE = { a: 1, txt: 16 } as const;
const NO_SUCH_NAME = 3;

export async function startNameServer(records: Records): Promise<NameServer> {
  const asked = new Set<string>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = questionOf(query);
    asked.add(name);
    socket.send(answerTo(query, end, type, records[name]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: (socket.address() as AddressInfo).port,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The name and type of the one question behind the twelve bytes of the header (RFC 1035 4.1.2). */
function questionOf(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(query: Buffer, end: number, type: number, record: Records[string] | undefined): Buffer {
  const data = record && dataOf(record, type);
  const head = Buffer.from(query.subarray(0, end));
  // An answer, with authority, and recursion as it was asked for; one question, and what was found.
  head.writeUInt16BE(0x8480 | (query.readUInt16BE(2) & 0x0100) | (record ? 0 : NO_SUCH_NAME), 2);
  for (const [at, count] of [
    [4, 1],
    [6, data ? 1 : 0],
    [8, 0],
    [10, 0],
  ] as const)
    head.writeUInt16BE(count, at);
  if (!data) return head;
  const fields = Buffer.alloc(12);
  fields.writeUInt16BE(0xc00c, 0); // the name of the question
  fields.writeUInt16BE(type, 2);
  fields.writeUInt16BE(1, 4);
  fields.writeUInt32BE(60, 6);
  fields.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, fields, data]);
}

/** Null when the name has no record of this type. */
function dataOf(record: Records[string], type: number): Buffer | null {
  if ("txt" in record && type === TYPE.txt)
    return Buffer.concat(record.txt.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text, "latin1")]));
  if ("a" in record && type === TYPE.a) return Buffer.from(record.a.split(".").map(Number));
  return null;
}
