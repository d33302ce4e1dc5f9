/** An SMTP client that says what it is told, byte by byte if need be: what no mail library would send. */
import { once } from "node:events";
import { createConnection } from "node:net";

export interface SmtpClient {
  /** The next whole answer, its lines joined: `250-one\n250 two`. Empty when the server hung up. */
  answer(): Promise<string>;
  /** Says a line and hears the answer. */
  say(line: string): Promise<string>;
  /** Sends bytes as they are, in pieces of so many. */
  send(bytes: string | Uint8Array, pieceBytes?: number): Promise<void>;
  /** Hangs up without a word. */
  hangUp(): void;
  quit(): Promise<void>;
}

export async function anSmtpClient(port: number): Promise<SmtpClient> {
  const socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
  const lines: string[] = [];
  let partial = "";
  let isOver = false;
  let wake = () => {};
  socket.setEncoding("latin1").on("data", (text: string) => {
    const all = (partial + text).split("\r\n");
    partial = all.pop()!;
    lines.push(...all);
    wake();
  });
  socket.on("error", () => {}); // the server hung up: told by `close`
  socket.on("close", () => {
    isOver = true;
    wake();
  });
  await once(socket, "connect");

  const answer = async () => {
    for (;;) {
      const last = lines.findIndex((line) => line[3] !== "-");
      if (last >= 0) return lines.splice(0, last + 1).join("\n");
      if (isOver) return "";
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const drained = () =>
    new Promise<void>((resolve) => {
      const go = () => {
        socket.off("drain", go).off("close", go);
        resolve();
      };
      socket.on("drain", go).on("close", go);
    });
  const send: SmtpClient["send"] = async (bytes, pieceBytes = Number.POSITIVE_INFINITY) => {
    const all = Buffer.from(bytes as string, "latin1");
    for (let from = 0; from < all.length; from += pieceBytes) {
      if (isOver) return;
      if (!socket.write(all.subarray(from, from + pieceBytes))) await drained();
      // Each piece in a packet of its own, for the other end to meet it alone.
      if (pieceBytes < all.length) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    answer,
    send,
    async say(line) {
      await send(`${line}\r\n`);
      return answer();
    },
    hangUp: () => socket.destroy(),
    async quit() {
      if (isOver) return;
      socket.end("QUIT\r\n");
      await once(socket, "close");
    },
  };
}
