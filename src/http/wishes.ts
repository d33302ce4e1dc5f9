/** What a form or a program sends about a subscription, read with the schemas of the core: the value, or all that is wrong. */
import { z } from "zod";
import type { Change } from "../actions/change-preferences.ts";
import { isDay } from "../core/day.ts";
import type { DomainList } from "../core/domain-list.ts";
import { type Address, parseAddress } from "../core/email-address.ts";
import { filterSchema } from "../core/filter.ts";
import type { Day } from "../core/paper.ts";
import { problemsOf } from "../core/problems.ts";
import { type Preferences, preferencesSchema, withChanges } from "../core/subscription.ts";
import type { Catalogue } from "../core/topics.ts";
import { canonicalZone, instantOf, localDayOf } from "../core/zone.ts";
import { Invalid, type Problem } from "../errors.ts";
import type { Subscription } from "../store/subscriptions.ts";

export type Read<T> =
  | { readonly value: T; readonly problems?: never }
  | { readonly value?: never; readonly problems: readonly Problem[] };

/** A wish to subscribe, ready for its action. */
export interface Wish {
  readonly address: Address;
  readonly wanted: Preferences;
}

/**
 * @param body `{email, …}` with any of the preferences; the others take their defaults
 * @param refusedDomains domains of addresses that are thrown away after use
 */
export function readWish(
  body: unknown,
  { catalogue, refusedDomains }: { catalogue: Catalogue; refusedDomains: DomainList },
): Read<Wish> {
  const { email, ...rest } = isObject(body) ? body : {};
  const address = readNewAddress(email, refusedDomains);
  const wanted = readPreferences(isObject(body) ? rest : body, catalogue);
  if (address.value && wanted.value) return { value: { address: address.value, wanted: wanted.value } };
  return { problems: [...(address.problems ?? []), ...(wanted.problems ?? [])] };
}

const THROW_AWAY = "Write an address that you keep: this domain gives out addresses for a few minutes.";

export function readPreferences(body: unknown, catalogue: Catalogue): Read<Preferences> {
  let schema = schemas.get(catalogue);
  if (schema === undefined) {
    schema = preferencesSchema(filterSchema(catalogue));
    schemas.set(catalogue, schema);
  }
  return read(schema, body);
}

/** Made once a catalogue: zod compiles what it is given, which took longer than all else of a request. */
const schemas = new WeakMap<Catalogue, z.ZodType<Preferences>>();

/** One that a digest is to go to from now on. */
export function readNewAddress(email: unknown, refusedDomains: DomainList): Read<Address> {
  const address = readAddress(email);
  const isRefused = address.value && refusedDomains.has(address.value.domain);
  return isRefused ? { problems: [{ field: "email", message: THROW_AWAY }] } : address;
}

export function readAddress(email: unknown): Read<Address> {
  const result = read(emailSchema, { email });
  return result.value ? { value: result.value.email } : { problems: result.problems };
}

export const addressSchema = z.string("Write an email address.").transform((text, context): Address => {
  try {
    return parseAddress(text);
  } catch (fault) {
    if (!(fault instanceof Invalid)) throw fault;
    context.addIssue({ code: "custom", message: fault.message });
    return z.NEVER;
  }
});

/** Made once, like those of preferences: zod compiles an object each time it is given one. */
const emailSchema = z.strictObject({ email: addressSchema });

/**
 * @param body any preferences, with `paused` and `pausedUntil`: an instant (`2026-08-01T07:00:00Z`), a day, which means its
 *   first moment in the reader's zone, or null: until they come back. `pausedUntil` alone pauses too.
 * @param body.elsewhere another zone for a while, `{zone, until}` with the day they are home again; null: they are. `zone` is
 *   the one they are at home in, also while they are elsewhere
 * @param current what the subscription has now
 */
export function readChanges(
  body: unknown,
  current: Pick<Subscription, "preferences" | "elsewhere"> & { readonly isPaused: boolean },
  { catalogue, now }: { catalogue: Catalogue; now: Date },
): Read<Change> {
  const { paused, pausedUntil, elsewhere, ...rest } = isObject(body) ? body : {};
  if (!isObject(body)) return { problems: [{ field: "", message: 'Send an object, such as {"hour": 8}.' }] };
  const wanted = staysAway(rest, current) ? { ...rest, zone: current.preferences.zone } : rest;
  const preferences = readPreferences(withChanges(current.preferences, wanted), catalogue);
  const zone = preferences.value?.zone ?? current.preferences.zone;
  const pause = read(pauseSchema(zone, now, current.isPaused), { paused, pausedUntil });
  const home = current.elsewhere && zone === current.preferences.zone ? current.elsewhere.homeZone : zone;
  const stay = isAsBefore(elsewhere, current) ? { value: undefined } : readElsewhere(elsewhere, home, now);
  if (preferences.problems || pause.problems || stay.problems)
    return { problems: [preferences, pause, stay].flatMap(({ problems }) => problems ?? []) };
  return {
    value: {
      ...(Object.keys(rest).length > 0 && { preferences: preferences.value }),
      ...(stay.value !== undefined && { elsewhere: stay.value }),
      ...(pause.value && { pause: pause.value }),
    },
  };
}

type Current = Pick<Subscription, "preferences" | "elsewhere">;

/** Whether somebody who is elsewhere names the zone they are at home in, which changes nothing. */
function staysAway({ zone }: Record<string, unknown>, { elsewhere }: Current): boolean {
  return elsewhere !== null && typeof zone === "string" && canonicalZone(zone) === elsewhere.homeZone;
}

/** Where a reader is for a while, and the day they are home again, as `elsewhere` of the API says it. */
export function elsewhereOf({ preferences, elsewhere }: Current): { zone: string; until: Day } | null {
  return elsewhere && { zone: preferences.zone, until: localDayOf(elsewhere.homeZone, elsewhere.until) };
}

/** What was given is taken back, also when that day has begun meanwhile. */
function isAsBefore(wanted: unknown, current: Current): boolean {
  const before = elsewhereOf(current);
  return before !== null && isObject(wanted) && wanted.zone === before.zone && wanted.until === before.until;
}

export const elsewhereSchema = z
  .strictObject(
    { zone: z.string("Write a time zone such as Asia/Tokyo."), until: z.string("Write a day such as 2026-08-01.") },
    'Write {"zone": "Asia/Tokyo", "until": "2026-08-01"}, or null.',
  )
  .nullish()
  .describe("The same hour of another zone, until a day on which they are home again; null: they are.");

function readElsewhere(body: unknown, homeZone: string, now: Date): Read<Change["elsewhere"]> {
  const parsed = read(z.object({ elsewhere: elsewhereSchema }), { elsewhere: body });
  if (parsed.problems) return parsed;
  const wanted = parsed.value.elsewhere;
  if (!wanted) return { value: wanted };
  const stay = readStay({ elsewhereZone: wanted.zone, zoneUntil: wanted.until }, homeZone, now);
  const names: Record<string, string> = { elsewhereZone: "elsewhere.zone", zoneUntil: "elsewhere.until" };
  return stay.problems
    ? { problems: stay.problems.map((problem) => ({ ...problem, field: names[problem.field]! })) }
    : stay;
}

/** Fields of a change that are no preference. @param zone where a day begins */
export function pauseFields(zone: string, now: Date) {
  const until = z.string("Write a day such as 2026-08-01, an instant, or null.").transform((text, context) => {
    const at = isDay(text)
      ? instantOf(zone, text as Day, 0)
      : z.iso.datetime({ offset: true }).safeParse(text).success
        ? new Date(text)
        : null;
    const mistake =
      at === null
        ? "Write a day such as 2026-08-01, or an instant such as 2026-08-01T07:00:00Z."
        : at <= now
          ? "This is over already. Write a time to come."
          : null;
    if (at !== null && mistake === null) return at;
    context.addIssue({ code: "custom", message: mistake! });
    return z.NEVER;
  });
  return {
    paused: z.boolean("Write true or false.").describe("Whether digests are held back.").optional(),
    pausedUntil: until
      .nullish()
      .describe(
        "Until when: an instant, or a day, which means its first moment in the zone of the reader. Null: until they come back.",
      ),
  };
}

function pauseSchema(zone: string, now: Date, isPaused: boolean) {
  return z.object(pauseFields(zone, now)).transform(({ paused, pausedUntil }, context): Change["pause"] | null => {
    if (paused === false && pausedUntil) {
      context.addIssue({
        code: "custom",
        path: ["pausedUntil"],
        message: "Who is not paused has no end of a pause. Leave one of the two out.",
      });
      return z.NEVER;
    }
    if (paused === false) return { paused };
    if (paused || pausedUntil) return { paused: true, until: pausedUntil ?? null };
    // Null alone says nothing to a reader who gets their digests, and takes the end off the pause of one who does not.
    return pausedUntil === null && isPaused ? { paused: true, until: null } : null;
  });
}

/**
 * Another zone for a while. @param body `{elsewhereZone, zoneUntil}`: an IANA zone, and the day they are home again, which
 * begins at their midnight there
 */
export function readStay(
  body: { readonly elsewhereZone: string; readonly zoneUntil: string },
  homeZone: string,
  now: Date,
): Read<NonNullable<Change["elsewhere"]>> {
  const zone = canonicalZone(body.elsewhereZone);
  const until = isDay(body.zoneUntil) ? instantOf(homeZone, body.zoneUntil, 0) : null;
  const problems: Problem[] = [];
  if (zone === null || zone === homeZone)
    problems.push({ field: "elsewhereZone", message: "Choose a zone other than your own." });
  if (until === null || until <= now)
    problems.push({ field: "zoneUntil", message: "Write a day to come, such as 2026-08-01." });
  return problems.length > 0 ? { problems } : { value: { zone: zone!, until: until! } };
}

/** For a door that answers with the problems and nothing else. @throws {Invalid} */
export function orRefuse<T>(result: Read<T>): T {
  if (result.problems) throw new Invalid("Some of what was sent cannot be used as it is.", result.problems);
  return result.value as T;
}

function read<T>(schema: z.ZodType<T>, body: unknown): Read<T> {
  const parsed = schema.safeParse(body);
  return parsed.success ? { value: parsed.data } : { problems: problemsOf(parsed.error) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
