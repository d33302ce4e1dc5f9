/**
 * A process of its own that opens an embedded database, says so on standard output (`{url}` as JSON) and keeps it open
 * until its standard input says `close`, or `exit` for process.exit without a word.
 *
 * Arguments: the data directory, and the options as JSON.
 */
import { createInterface } from "node:readline";
import { type EmbeddedOptions, openEmbedded } from "../../src/store/embedded.ts";

const [dataDir = "", options = "{}"] = process.argv.slice(2);
try {
  const server = await openEmbedded({ dataDir, ...(JSON.parse(options) as Partial<EmbeddedOptions>) });
  console.log(JSON.stringify({ url: server.url }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "exit") process.exit(0);
    if (line === "close") break;
  }
  await server.close();
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }));
  process.exitCode = 1;
}
