/** deploy/*.service without an init: valid for systemd, and of one mind with the Dockerfile, the compose file and `npm start`. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { needs } from "../support/needs.ts";
import { program } from "../support/processes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const folder = mkdtempSync(join(tmpdir(), "paperboy-units-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const analyze = program("systemd-analyze");
const UNITS = ["paperboy.service", "paperboy@.service"];

/** What systemd says of a unit's text, with the program and the tree in the places where this machine has them. */
function complaintsAbout(name: string, text: string): string[] {
  const here = text.replaceAll("/usr/bin/node", process.execPath).replaceAll("/opt/paperboy", root);
  writeFileSync(join(folder, name), here);
  const { stdout, stderr } = spawnSync(analyze!, ["verify", "--man=no", join(folder, name)], { encoding: "utf8" });
  // It loads the units that ours name, and says what is wrong with those too.
  return `${stdout}${stderr}`.split("\n").filter((line) => line.includes("paperboy"));
}

/** Settings of a unit by name; of one that stands twice, the last. Lines that end in a backslash are joined. */
function settingsOf(name: string): Record<string, string> {
  const text = read(join("deploy", name)).replace(/\\\n\s*/g, "");
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key!, value!]));
}

describe.each(UNITS)("%s", (name) => {
  const unit = settingsOf(name);
  const [, environment = "", flags, runs] = /^\/usr\/bin\/env (.*) \/usr\/bin\/node (--\S+) (.+)$/.exec(
    unit.ExecStart!,
  )!;

  needs(analyze, "there is no systemd-analyze")("is valid, and a mistake in it would be found", () => {
    const text = read(join("deploy", name));
    expect(complaintsAbout(name, text)).toEqual([]);
    expect(complaintsAbout(name, text.replace("UMask=", "UMaks=")).join("\n")).toMatch(/Unknown key.* 'UMaks'/);
  });

  test("starts what the image starts, with the same flags, environment and patience", () => {
    const dockerfile = read("Dockerfile");
    const [image, command] = /^ENTRYPOINT \["node", "([^"]+)", "([^"]+)"\]$/m.exec(dockerfile)!.slice(1);
    const whole = `node ${flags} ${runs}`;
    expect(whole).toBe(
      name.includes("@") ? `node ${image} ${command} %i` : JSON.parse(read("package.json")).scripts.start,
    );
    expect(flags).toBe(image);
    const inImage = Object.fromEntries(
      ["NODE_ENV", "MALLOC_ARENA_MAX", "DATA_DIR"].map((key) => [
        key,
        new RegExp(`${key}=(\\S+)`).exec(dockerfile)![1],
      ]),
    );
    expect(parseEnv(environment.replaceAll(" ", "\n"))).toEqual(inImage);
    expect(inImage.DATA_DIR).toBe(`/var/lib/${unit.StateDirectory}`);
    const compose = parse(read("docker-compose.yml"), { merge: true });
    expect(`${unit.TimeoutStopSec}s`).toBe(compose.services.worker.stop_grace_period);
  });

  test("keeps its data where it may write, also with .env.example as its settings", () => {
    const asked = `env ${environment} printenv DATA_DIR`;
    const env = { PATH: process.env.PATH!, ...parseEnv(read(".env.example")) };
    expect(execFileSync("sh", ["-c", asked], { env, encoding: "utf8" })).toBe("/var/lib/paperboy\n");
  });

  test("a stop goes to Paperboy alone, which needs its PostgreSQL until the last mail is written down", () => {
    expect(unit.KillMode).toBe("mixed");
  });
});

test("deploy/paperboy gives commands as the unit's user, with its settings, in its folders", () => {
  const unit = settingsOf("paperboy.service");
  const script = read("deploy/paperboy").replace(/\\\n\s*/g, "");
  const given = Object.fromEntries(
    [...script.matchAll(/--property=(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]),
  );
  expect(given).toEqual(Object.fromEntries(Object.keys(given).map((key) => [key, unit[key]])));
  expect(Object.keys(given)).toEqual([
    ...["DynamicUser", "User", "StateDirectory", "StateDirectoryMode", "UMask", "WorkingDirectory", "EnvironmentFile"],
  ]);
  expect(script).toContain(`DATA_DIR=/var/lib/${unit.StateDirectory} /usr/bin/node bin/paperboy.js "$@"`);
});
