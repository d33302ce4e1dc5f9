import { Command } from "commander";
import { deliverBatch } from "../../actions/deliver-batch.ts";
import { planDeliveries } from "../../actions/plan-deliveries.ts";
import { json, type Terminal } from "../terminal.ts";

export const deliver = (terminal: Terminal) =>
  new Command("deliver")
    .description("plan and send what is due, here and now")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const done = await terminal.withApp(async (app) => {
        const planned = await planDeliveries(app, await app.databaseNow());
        let accepted = 0;
        for (const range of await app.deliveries.overdue(0, 1_000_000, 10_000))
          accepted += await deliverBatch(app, range);
        return { planned, accepted };
      });
      terminal.print(
        options.json ? json(done) : `${done.planned} planned, ${done.accepted} accepted by the mail server`,
      );
    });
