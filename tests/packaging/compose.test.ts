/** docker-compose.yml without an engine: valid by the specification's schema, and of one mind with the settings. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DCLinter } from "dclint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SETTINGS } from "../../src/config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = join(root, "docker-compose.yml");
const { services, volumes } = parse(readFileSync(file, "utf8"), { merge: true }) as Compose;

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

/** What the specification's schema and the linter's rules on mistakes find; tastes (order, quotes) are ours. */
function mistakesIn(path: string): string[] {
  const linter = new DCLinter({ quiet: true, debug: false, exclude: [], rules: OURS });
  const found = linter.lintFiles([path], false) as { messages: { rule: string; message: string }[] }[];
  return found.flatMap(({ messages }) => messages.map(({ rule, message }) => `${rule}: ${message}`));
}

const OURS = {
  "service-keys-order": 0,
  "services-alphabetical-order": 0,
  "service-ports-alphabetical-order": 0,
  "service-dependencies-alphabetical-order": 0,
  "top-level-properties-order": 0,
  "require-quotes-in-ports": 0,
  "no-version-field": 2,
  "no-duplicate-container-names": 2,
  "no-duplicate-exported-ports": 2,
  "no-unbound-port-interfaces": 0, // below, for all but https
  "service-image-require-explicit-tag": 0, // ours is built
  "no-build-and-image": 0, // the name under which it is built
  "require-project-name-field": 2,
} as const;

describe("docker-compose.yml", () => {
  test("is valid, and a mistake in it would be found", () => {
    expect(mistakesIn(file)).toEqual([]);
    expect(mistakesIn(join(root, "tests/fixtures/compose-with-mistakes.yml")).join("\n")).toMatch(/invalid-schema/);
  });

  test("sets what the product knows, and nothing else", () => {
    const ours = Object.values(services).filter(({ image }) => image === "paperboy");
    expect(
      ours.flatMap(({ environment }) => Object.keys(environment!)).filter((name) => !SETTINGS.includes(name)),
    ).toEqual([]);
    expect(ours.map(({ command }) => command)).toEqual([["migrate"], ["web"], ["worker"]]);
  });

  test("pins every image, publishes on this machine alone, and names what there is", () => {
    for (const [name, service] of Object.entries(services)) {
      if (!service.build) expect([name, service.image]).toEqual([name, expect.stringMatching(/:v?\d/)]);
      if (!service.profiles?.includes("https"))
        expect([name, service.ports?.every((port) => port.startsWith("127.0.0.1:")) ?? true]).toEqual([name, true]);
      for (const volume of service.volumes ?? []) {
        const [source] = volume.split(":") as [string];
        expect([name, source, source.startsWith("./") ? existsSync(join(root, source)) : source in volumes]).toEqual([
          name,
          source,
          true,
        ]);
      }
      for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(services)).toContain(other);
    }
  });
});
