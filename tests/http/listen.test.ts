import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Listening, listen } from "../../src/http/listen.ts";

let listening: Listening;
beforeAll(async () => {
  const limits = { requestMs: 600, headersMs: 300, checkMs: 50 };
  listening = await listen(
    (request, response) => request.resume().on("end", () => response.end("done")),
    0,
    "127.0.0.1",
    limits,
  );
});
afterAll(() => listening.close());

/** Sends these pieces, so far apart, and then nothing. @returns all that came back until the other side closed */
function slowly(pieces: readonly string[], apartMs: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(listening.port, "127.0.0.1");
    const timer = setInterval(() => {
      const piece = pieces[sent];
      sent += 1;
      if (piece === undefined) clearInterval(timer);
      else if (socket.writable) socket.write(piece);
    }, apartMs);
    let sent = 0;
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    socket.on("error", () => {}); // cut off while writing
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

const drops = (text: string) => [...text];
const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 40\r\n\r\n";

test("headers that come a letter at a time are cut off", async () => {
  const letters = drops(`GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ${"x".repeat(500)}`);
  expect(await slowly(letters, 20)).toMatch(/^HTTP\/1\.1 408 /);
});

test("a body that comes a letter at a time is cut off, however it goes on", async () => {
  expect(await slowly([HEAD, ...drops("x".repeat(39))], 50)).toMatch(/^HTTP\/1\.1 408 /);
});

test("one that arrives in time is answered", async () => {
  expect(await slowly([HEAD, "x".repeat(20), "x".repeat(20)], 20)).toMatch(/^HTTP\/1\.1 200 .*done$/s);
});
