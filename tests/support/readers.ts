import type { App } from "../../src/app.ts";
import type { Preferences } from "../../src/core/subscription.ts";
import { preferences } from "./builders.ts";

/** A confirmed reader of an application, without a welcome digest. @returns the id of the subscription */
export async function aReaderOf(
  app: Pick<App, "requests" | "subscriptions" | "addressKey">,
  email: string,
  wanted: Preferences = preferences(),
): Promise<bigint> {
  const id = await app.requests.add({ email, addressKey: app.addressKey({ key: email }), wanted, askedBy: "form" });
  await app.requests.answered(id, "confirmation");
  const confirmed = await app.subscriptions.confirm(
    id,
    () => null,
    async () => {},
  );
  if (confirmed.outcome !== "confirmed") throw new Error(`${email} was not confirmed: ${confirmed.outcome}`);
  return confirmed.id;
}
