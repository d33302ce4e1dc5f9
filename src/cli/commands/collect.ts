import { Command } from "commander";
import { collectPapers } from "../../actions/collect-papers.ts";
import { examples, json, type ListTerminal } from "../terminal.ts";

export const collect = (terminal: ListTerminal) =>
  new Command("collect")
    .description("read every source once, now")
    .option("--record <folder>", "keep every answer there too, for `replay`")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy collect", "paperboy collect --record answers"))
    .action(async (options: { record?: string; json?: boolean }) => {
      const { done, recorded } = await terminal.withApp(async (app) => {
        const recording = options.record === undefined ? null : await app.openRecording(options.record);
        const onAsk = (source: string, day: string) => terminal.progress.show(`reading ${source}, ${day}`);
        const done = await collectPapers({ ...app, ...(recording && { recording }), onAsk }).finally(() =>
          terminal.progress.done(),
        );
        return { done, recorded: recording && { written: recording.written, unwritten: recording.unwritten } };
      });
      const { read, added, refused, failed, problems } = done;
      terminal.print(
        options.json
          ? json({ ...done, ...(recorded && { recorded: recorded.written }) })
          : `${read} read, ${added} of them new, ${refused} refused, ${failed} requests failed${recorded ? `; ${recorded.written} answers recorded` : ""}`,
      );
      if (recorded && recorded.unwritten > 0) {
        terminal.complain(`${recorded.unwritten} answers could not be recorded: the log says why.`);
        process.exitCode = 1;
      }
      for (const [source, problem] of Object.entries(problems)) terminal.complain(`${source}: ${problem}`);
      if (read > 0 || failed === 0) return;
      terminal.complain("No source answered. `paperboy import FILE` takes papers from a file meanwhile.");
      process.exitCode = 1;
    });
