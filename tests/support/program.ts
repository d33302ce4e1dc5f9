/** The command line in a world in which nothing can be opened: what it says of itself, and how it fails. */
import { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import { allOf, openProgram } from "../../src/cli/program.ts";
import { openProgress } from "../../src/cli/progress.ts";
import { Temporary } from "../../src/errors.ts";

const down = () => Promise.reject(new Temporary("everything is down"));

/** @param say hears all that it prints, on whichever stream */
export function aProgram(say: (text: string) => void = () => {}): Command {
  const program = openProgram({
    terminal: {
      ...{ print: say, complain: say, withApp: down, progress: openProgress({ write: () => {} }) },
      input: () => Readable.from([]),
      output: new Writable({ write: (_, __, done) => done() }),
    },
    today: { screen: { width: 80, isColourful: false }, withDesk: down },
    replay: { readRecording: down, onStage: down },
    vaults: { withVault: down, ask: down },
    doctor: { isColourful: false, examine: down, fail() {} },
    ...{ serve: down, migrate: down },
  });
  for (const command of allOf(program)) command.configureOutput({ writeOut: say, writeErr: say });
  return program;
}
