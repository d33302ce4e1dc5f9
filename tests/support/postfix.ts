/** A real Postfix of our own: settings and queue in a temporary folder, on loopback, ended with us. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { listening, program } from "./processes.ts";

const run = promisify(execFile);
const postfix = program("postfix");
const postconf = program("postconf");

/** Null where it can be started; else why not. Its master gives up root's rights by itself, and wants to have had them. */
export const noPostfix =
  postfix === null || postconf === null
    ? "there is no postfix on this machine"
    : process.getuid?.() === 0
      ? null
      : "postfix is started by root only";

export interface Postfix {
  /** For SMTP_URL. */
  readonly url: string;
  /** What it says it did, line by line. */
  log(): Promise<string>;
  close(): Promise<void>;
}

export interface PostfixOptions {
  /** Absent: any free one. */
  readonly port?: number;
  /** What becomes of mail to a domain, as transport(5) writes it: `error:5.1.1 …`, `smtp:[127.0.0.1]:2525`. */
  readonly transports: Readonly<Record<string, string>>;
}

export async function startPostfix({ port: given, transports }: PostfixOptions): Promise<Postfix> {
  const port = given ?? (await freePort());
  const home = await mkdtemp(join(tmpdir(), "paperboy-postfix-"));
  const [settings, spool, data, log] = ["etc", "spool", "data", "log"].map((name) => join(home, name)) as [
    string,
    string,
    string,
    string,
  ];
  // Its daemons run as another user, who has to get there.
  await chmod(home, 0o755);
  for (const folder of [settings, spool, data]) await mkdir(folder);
  const daemons = (await run(postconf!, ["-dh", "daemon_directory"])).stdout.trim();
  await run("chown", [(await run(postconf!, ["-dh", "mail_owner"])).stdout.trim(), data]);
  const routes = Object.entries(transports).map(([domain, transport]) => `{ ${domain} = ${transport} }`);
  await writeFile(
    join(settings, "main.cf"),
    lines({
      compatibility_level: "3.6",
      queue_directory: spool,
      data_directory: data,
      daemon_directory: daemons,
      maillog_file: log,
      maillog_file_prefixes: home,
      myhostname: "mx.relay.example",
      mydestination: "",
      local_recipient_maps: "",
      alias_maps: "",
      inet_interfaces: "127.0.0.1",
      inet_protocols: "ipv4",
      mynetworks: "127.0.0.0/8",
      smtpd_relay_restrictions: "permit_mynetworks, reject",
      disable_dns_lookups: "yes",
      // Nothing leaves this machine.
      default_transport: "error:5.4.4 there is no way there",
      transport_maps: `inline:{ ${routes.join(", ")} }`,
      // A bounce that cannot be delivered is tried again within a test.
      minimal_backoff_time: "1s",
      maximal_backoff_time: "2s",
      queue_run_delay: "1s",
    }),
  );
  await writeFile(join(settings, "master.cf"), `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES}`);
  await run(postfix!, ["-c", settings, "check"]);
  const master = startChild(join(daemons, "master"), ["-c", settings, "-s"], { stdio: "ignore" });
  const close = async () => {
    // It ends its daemons, and only then itself.
    master.signal("SIGTERM");
    await Promise.race([master.gone, sleep(5_000, undefined, { ref: false })]);
    await master.kill();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await listening(port);
  } catch (error) {
    const said = await readFile(log, "utf8");
    await close();
    throw new Error(`Postfix did not start: ${said}`, { cause: error });
  }
  return { url: `smtp://127.0.0.1:${port}`, log: () => readFile(log, "utf8"), close };
}

function lines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

/** The daemons a mail meets between smtpd and a bounce (master(5)); none in a chroot. */
const SERVICES = `
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
error     unix  - - n -     - error
retry     unix  - - n -     - error
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
`;
