/** rspamd as a receiver might run it, of its own, asking the name server of a test: what it says of a message. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "./child.ts";
import { freePort } from "./free-port.ts";

export const hasRspamd = spawnSync("rspamd", ["--version"]).status === 0;

export interface Rspamd {
  /** Names of the symbols it found, in the order of the alphabet. */
  symbolsOf(message: Buffer, of: { ip: string; helo: string; from: string; to: string }): Promise<string[]>;
  close(): Promise<void>;
}

/** Only who sent it: what it makes of words and shapes is SpamAssassin's question. */
const MODULES = ["dkim", "spf", "dmarc"];

export async function startRspamd(nameServerPort: number): Promise<Rspamd> {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-rspamd-"));
  chmodSync(folder, 0o777); // it gives up root
  const port = await freePort();
  const config = join(folder, "rspamd.conf");
  // Its own list of ten thousand public suffixes takes half a minute to compile.
  writeFileSync(join(folder, "suffixes"), "com\norg\nexample\n");
  writeFileSync(
    config,
    `lua = "/usr/share/rspamd/rules/rspamd.lua";
options {
  filters = "dkim";
  dns { nameserver = ["127.0.0.1:${nameServerPort}"]; timeout = 2s; }
  url_tld = "${folder}/suffixes";
  cache_file = "${folder}/symbols.cache"; hs_cache_dir = "${folder}"; stats_file = "${folder}/stats";
  pidfile = "${folder}/pid"; control_socket = "${folder}/control mode=0600"; tempdir = "${folder}";
}
logging { type = "file"; filename = "${folder}/log"; level = "info"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
${MODULES.map((name) => `.include "/etc/rspamd/modules.d/${name}.conf"\n`).join("")}
metric { actions { reject = 15; } }
modules { path = "/usr/share/rspamd/plugins"; }
`,
  );
  const child = startChild("rspamd", ["-f", "-i", "-c", config], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isUp(url)); tries += 1) {
    if (tries > 300 || !child.isRunning())
      throw new Error(`rspamd does not answer: ${readFileSync(join(folder, "log"))}`);
    await sleep(200);
  }
  return {
    async symbolsOf(message, { ip, helo, from, to }) {
      const headers = { IP: ip, Helo: helo, From: from, Rcpt: to, Hostname: helo };
      const answer = await fetch(`${url}/checkv2`, { method: "POST", headers, body: new Uint8Array(message) });
      return Object.keys(((await answer.json()) as { symbols: object }).symbols).sort();
    },
    async close() {
      child.signal("SIGTERM");
      await child.gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );
}
