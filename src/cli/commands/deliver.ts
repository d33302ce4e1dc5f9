import { Command } from "commander";
import { deliverBatch } from "../../actions/deliver-batch.ts";
import { judgeWaves } from "../../actions/judge-waves.ts";
import { noticeRestore } from "../../actions/notice-restore.ts";
import { planDeliveries } from "../../actions/plan-deliveries.ts";
import { NotFound } from "../../errors.ts";
import { day } from "../option-values.ts";
import { examples, json, type Terminal } from "../terminal.ts";

const ROWS = 10_000;
const RANGES = 1_000;

export const deliver = (terminal: Terminal) =>
  new Command("deliver")
    .description("plan and send what is due, here and now")
    .option(
      "--date <date>",
      "send what is due of this edition alone (UTC day, 2026-04-30); the others stay due (default: all that is due)",
      day,
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy deliver", "paperboy deliver --date 2026-04-30"))
    .action(async ({ date, json: asJson }: { date?: string; json?: boolean }) => {
      const done = await terminal.withApp(async (app) => {
        await noticeRestore(app);
        if (date !== undefined && (await app.editions.standing(date)) === null)
          throw new NotFound(`There is no edition of ${date}.`);
        const overdue = () =>
          date === undefined ? app.deliveries.overdue(0, ROWS, RANGES) : app.deliveries.overdueOf(date, RANGES);
        const planned = await planDeliveries(app, await app.databaseNow());
        let accepted = 0;
        // What a vanguard held back becomes due when it was judged.
        for (let sent = -1; sent !== accepted; await judgeWaves(app)) {
          sent = accepted;
          for (const range of await overdue())
            for (const part of await app.gate.admitted(range)) accepted += await deliverBatch(app, part);
        }
        return { planned, accepted };
      });
      terminal.print(asJson ? json(done) : `${done.planned} planned, ${done.accepted} accepted by the mail server`);
    });
