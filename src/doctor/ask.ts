/** One question to a web server, over a connection of its own, with its certificate. Follows no redirect. */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { TLSSocket } from "node:tls";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Its first 64 kB. */
  readonly body: string;
  /** Until when its certificate holds; null without TLS. */
  readonly validUntil: Date | null;
}

export interface Question {
  readonly method?: "GET" | "POST";
  /** Sent as a form. */
  readonly body?: string;
  readonly timeoutMs?: number;
  /** Authorities to trust instead of the usual ones. */
  readonly ca?: string;
}

const MOST_BYTES = 65_536;

/** @throws a Node error with a `code` when there is no answer */
export function ask(url: string, { method = "GET", body = "", timeoutMs = 6_000, ca }: Question = {}): Promise<Answer> {
  const isTls = url.startsWith("https:");
  const type = body === "" ? {} : { "content-type": "application/x-www-form-urlencoded" };
  const headers = { "user-agent": "Paperboy doctor", "content-length": Buffer.byteLength(body), ...type };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      request.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    const request = (isTls ? requestHttps : requestHttp)(
      url,
      { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        const { socket } = response;
        const validUntil = socket instanceof TLSSocket ? new Date(socket.getPeerCertificate().valid_to) : null;
        const done = (text: string) => {
          clearTimeout(late);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, validUntil });
          response.destroy();
        };
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length >= MOST_BYTES) done(text);
        });
        response.on("end", () => done(text));
        response.on("error", reject);
      },
    );
    request.on("error", (error) => {
      clearTimeout(late);
      reject(error);
    });
    request.end(body);
  });
}
