import { Command } from "commander";
import type { Finding, Level } from "../../doctor/finding.ts";
import { examples, json, type Terminal } from "../terminal.ts";

interface Options {
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** It opens no application: what it looks at may be what keeps one from starting. */
export interface Practice extends Pick<Terminal, "print"> {
  examine(options: { readonly isOffline: boolean }): Promise<readonly Finding[]>;
  readonly isColourful: boolean;
  /** The command did its work, and what it found is not well. */
  fail(): void;
}

export const doctor = (terminal: Practice) =>
  new Command("doctor")
    .description("look at settings, parts, mail server, DNS and public address, and say what to do")
    .option("--offline", "ask nobody beyond this machine and its database")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy doctor", "paperboy doctor --offline --json"))
    .action(async ({ offline = false, json: asJson = false }: Options) => {
      const findings = await terminal.examine({ isOffline: offline });
      const counts = countsOf(findings);
      terminal.print(asJson ? json({ ...counts, findings }) : report(findings, counts, terminal.isColourful));
      if (counts.red > 0) terminal.fail();
    });

function countsOf(findings: readonly Finding[]): Record<Level, number> {
  const of = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return { green: of("green"), amber: of("amber"), red: of("red") };
}

/** The level is a word, so that nothing is lost without colours. */
function report(findings: readonly Finding[], counts: Record<Level, number>, isColourful: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ level, check, found, advice }) => [
    `${painted(level, isColourful)}  ${check.padEnd(width)}  ${found}`,
    ...(advice === null ? [] : [`${" ".repeat(5 + 2 + width + 2)}→ ${advice}`]),
  ]);
  return [...lines, "", `${counts.green} green, ${counts.amber} amber, ${counts.red} red`].join("\n");
}

const COLOURS: Readonly<Record<Level, number>> = { green: 32, amber: 33, red: 31 };

function painted(level: Level, isColourful: boolean): string {
  const word = level.padEnd(5);
  return isColourful ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word;
}
