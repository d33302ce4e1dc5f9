/**
 * What a user would write with Nodemailer and a list of addresses: `node plain-loop.ts PORT MAILS CONNECTIONS FOLDER`.
 * The folder holds the mail's `text` and `html`. Prints seconds taken and CPU milliseconds a mail, as JSON.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTransport } from "nodemailer";

const [port, mails, connections, folder] = process.argv.slice(2);
const text = readFileSync(join(folder!, "text"), "utf8");
const html = readFileSync(join(folder!, "html"), "utf8");
const count = Number(mails);
const transport = createTransport({
  host: "127.0.0.1",
  port: Number(port),
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Number.POSITIVE_INFINITY,
});

const before = { at: performance.now(), cpu: process.cpuUsage() };
let sent = 0;
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (sent < count) {
      sent += 1;
      await transport.sendMail({
        from: "Paperboy <digest@example.org>",
        to: `reader${sent}@example.com`,
        subject: "Trending papers",
        headers: { "List-Unsubscribe": `<https://example.org/unsubscribe/${sent}>` },
        text: text.replaceAll("{{unsubscribe}}", `https://example.org/unsubscribe/${sent}`),
        html: html.replaceAll("{{unsubscribe}}", `https://example.org/unsubscribe/${sent}`),
      });
    }
  }),
);
const { user, system } = process.cpuUsage(before.cpu);
const seconds = (performance.now() - before.at) / 1000;
transport.close();
process.stdout.write(JSON.stringify({ seconds, cpuMs: (user + system) / 1000 / count }));
