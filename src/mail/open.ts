/** Opens the mail: the servers it goes out by, the counter, and what brings back what came of it. */
import { asPortFault } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import type { Log } from "../log.ts";
import { openParts } from "../parts.ts";
import { type CounterNeeds, type CounterSettings, openCounter } from "./counter.ts";
import { openExchangers } from "./exchangers.ts";
import type { Intake, IntakeOptions } from "./intake.ts";
import { openLanes } from "./lanes.ts";
import { openProviders, type WebhookSettings } from "./providers/open.ts";
import { openDeliveryIds, readReport } from "./read-report.ts";
import { openSender } from "./sender.ts";
import { type Alarms, watchServers } from "./server-watch.ts";

export interface MailSettings extends CounterSettings {
  /** Of the page that shows what was caught, where `smtpUrls` is null. */
  readonly catcherPort: number;
  readonly smtpConnections: number;
  readonly sendOnlyTo: readonly string[] | null;
  readonly alertTo: readonly string[];
  readonly bounceDomain: string | null;
  readonly bounceSmtpPort: number | null;
  readonly webhooks: WebhookSettings;
}

export interface MailNeeds extends Omit<CounterNeeds, "sender" | "letterSender" | "log"> {
  readonly incidents: Alarms;
  readonly fetch: Pick<Fetch, "get">;
  readonly now: () => Date;
  readonly log: Log;
}

/** Letters are few, and somebody waits for each. */
const LETTER_CONNECTIONS = 2;

/** @throws {Invalid} for settings that name something unusable */
export function openMail(settings: MailSettings, { incidents, fetch, now, log, ...writing }: MailNeeds) {
  const { smtpUrls, smtpConnections, bounceDomain, bounceSmtpPort, sendOnlyTo, alertTo } = settings;
  return openParts(async (open) => {
    const catcher = smtpUrls
      ? null
      : await open(
          import("./catcher.ts").then((on) =>
            on
              .openCatcher({ smtpPort: 0, httpPort: settings.catcherPort })
              .catch(asPortFault("CATCHER_PORT", settings.catcherPort)),
          ),
        );
    const watch = watchServers(incidents);
    const senderTo = (connections: number, carries: "digest" | "letter") =>
      openSender({
        urls: smtpUrls ?? [catcher!.smtpUrl],
        ...{ connections, carries, socketTimeoutMs: 60_000, watch, log },
        // Who is to be told that something is wrong is told so on a staging system as well.
        ...(sendOnlyTo ? { onlyTo: [...sendOnlyTo, ...alertTo] } : {}),
      });
    const sender = await open(senderTo(smtpConnections, "digest"));
    const letterSender = await open(senderTo(LETTER_CONNECTIONS, "letter"));
    return {
      ...(await openCounter(settings, { ...writing, sender, letterSender, log })),
      ...{ catcher, readReport },
      lanes: openLanes(smtpConnections),
      exchangers: openExchangers({ now }),
      providers: openProviders(settings.webhooks, { fetch, log }),
      deliveryNamed: openDeliveryIds(settings.mailFrom),
      /** Takes the mail of the bounce domain; null: no setting names a port. */
      openIntake:
        bounceSmtpPort === null || bounceDomain === null
          ? null
          : async (door: Pick<IntakeOptions, "isOurs" | "receive">): Promise<Intake> => {
              const { openIntake } = await import("./intake.ts");
              return openIntake({ ...door, port: bounceSmtpPort, domain: bounceDomain, log });
            },
      /** Each mail server, looked at. */
      mailServers: async () => {
        const { examineServer } = await import("./examine-server.ts");
        return Promise.all((smtpUrls ?? []).map((url) => examineServer(url)));
      },
      ready: async () => {
        const answer = await sender.verify();
        if (answer.kind !== "ready") throw new Error(`SMTP: ${answer.cause}`);
      },
    };
  });
}
