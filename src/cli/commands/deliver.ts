import { Command } from "commander";
import { deliverBatch } from "../../actions/deliver-batch.ts";
import { judgeWaves } from "../../actions/judge-waves.ts";
import { noticeRestore } from "../../actions/notice-restore.ts";
import { planDeliveries } from "../../actions/plan-deliveries.ts";
import { examples, json, type Terminal } from "../terminal.ts";

const ROWS = 10_000;
const RANGES = 1_000;

export const deliver = (terminal: Terminal) =>
  new Command("deliver")
    .description("plan and send what is due, here and now")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy deliver"))
    .action(async (options: { json?: boolean }) => {
      const done = await terminal.withApp(async (app) => {
        await noticeRestore(app);
        const planned = await planDeliveries(app, await app.databaseNow());
        let accepted = 0;
        // What a vanguard held back becomes due when it was judged.
        for (let sent = -1; sent !== accepted; await judgeWaves(app)) {
          sent = accepted;
          for (const range of await app.deliveries.overdue(0, ROWS, RANGES))
            for (const part of await app.gate.admitted(range)) accepted += await deliverBatch(app, part);
        }
        return { planned, accepted };
      });
      terminal.print(
        options.json ? json(done) : `${done.planned} planned, ${done.accepted} accepted by the mail server`,
      );
    });
