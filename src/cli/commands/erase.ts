import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { eraseReader } from "../../actions/erase-reader.ts";
import { maskAddress, parseAddress } from "../../core/email-address.ts";
import { Invalid } from "../../errors.ts";
import { examples, json, type Terminal } from "../terminal.ts";

interface Options {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const erase = (terminal: Terminal) =>
  new Command("erase")
    .description("forget a reader: the address, what they chose, what waits to be sent; it cannot be undone")
    .argument("<address>", "as it was subscribed, in any spelling of it")
    .option("--yes", "do not ask")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy erase reader@example.org"))
    .action(async (typed: string, { yes, json: asJson }: Options) => {
      const address = parseAddress(typed);
      if (!yes && !(await isMeant(maskAddress(address.typed)))) {
        terminal.complain("Nothing was erased.");
        process.exitCode = 1;
        return;
      }
      const { subscriptions, requests } = await terminal.withApp((app) => {
        const key = app.addressKey(address);
        return asOperator(
          app,
          { by: "cli", what: "erase", about: `key ${key}`, details: {} },
          () => eraseReader(app, key, "operator", app.now()),
          (erased) => ({ ...erased }),
        );
      });
      if (asJson) terminal.print(json({ subscriptions, requests }));
      else if (subscriptions + requests === 0) terminal.print("Nothing is kept under this address.");
      else
        terminal.print(
          `Erased: ${subscriptions === 1 ? "the subscription" : "no subscription"}, and ${requests} request${requests === 1 ? "" : "s"}.\n` +
            "The key of the address stays: by it a suppression holds, and who comes back gets no paper twice. An erasure is in\n" +
            "the journal too, so that restoring an older backup repeats it; copies of the database elsewhere still hold the address.",
        );
    });

/** @throws {Invalid} when nobody is there to be asked */
async function isMeant(address: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Invalid("Nobody is here to confirm it. Write paperboy erase ADDRESS --yes");
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(
      (await asking.question(`Erase everything about ${address}? This cannot be undone. [y/N] `)).trim(),
    );
  } finally {
    asking.close();
  }
}
