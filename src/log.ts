import { AsyncLocalStorage } from "node:async_hooks";
import pino from "pino";

export type Log = pino.Logger;

export type LogOptions = {
  level?: pino.LevelWithSilentOrString;
  /** Lines for people instead of JSON for machines. Default: when standard output is a terminal. */
  pretty?: boolean;
  /** Where lines go; default: standard output. */
  write?: (line: string) => void;
};

/**
 * The logger. Every line it writes, whatever the field, message, error or stack, has addresses and the tokens of our links
 * masked: what gives access to somebody's subscription, or says who somebody is, does not belong in a log.
 */
export function openLog({ level = "info", pretty = process.stdout.isTTY, write }: LogOptions = {}): Log {
  const out = write ?? ((line: string) => void process.stdout.write(line));
  const stream = {
    write(line: string) {
      const masked = masking(JSON.parse(line)) as Line;
      out(`${pretty ? forPeople(masked) : JSON.stringify(masked)}\n`);
    },
  };
  return pino(
    {
      ...{ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorFields } },
      mixin: () => ({ ...trails.getStore() }), // a copy: pino puts the line's own fields into it
    },
    stream,
  );
}

/** What lines are about that are written on behalf of somebody further up: the request that caused them. */
export interface Trail {
  readonly request: string;
}

const trails = new AsyncLocalStorage<Trail>();

/** Every line that `work` causes, whenever it is written, carries these fields. */
export function onTrail<T>(trail: Trail, work: () => T): T {
  return trails.run(trail, work);
}

/** On whose behalf this is done; undefined where nobody asked. */
export const currentTrail = (): Trail | undefined => trails.getStore();

/**
 * Text with e-mail addresses and link tokens replaced by `[address]` and `[link]`.
 *
 * It looks at every string rather than at named fields, so that nothing depends on somebody remembering: an address is
 * found inside a message, an URL (`%40` for `@`), a stack or a driver's error just as well.
 */
export function mask(text: string): string {
  return text.replace(LINK, "$1[link]").replace(ADDRESS, (found) => (EXAMPLE.test(found) ? found : "[address]"));
}

/** What our own sentences tell an operator to write, which says nothing of anybody. */
const EXAMPLE = /^user:password@(?:smtp\.example\.org|host)$/;

/** Every string in it, names of fields included: a list kept by address has addresses for names. */
function masking(value: unknown): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map(masking);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [mask(name), masking(each)]));
}

/** Paths whose next segment is a signed link (docs/promises.md §3). Shorter segments are words of ours, such as `latest`. */
const LINK =
  /((?:\/|%2F)(?:confirm|preferences|unsubscribe|account|digest|subscriptions|undo|never)(?:\/|%2F))[\w.~%=-]{8,}/gi;

/**
 * Deliberately wider than what a mail server takes: better to mask `name@2` of a package than to show an address. RFC 6531
 * allows letters of any script on both sides, RFC 5321 a quoted name and, in brackets, an IP address. `user:password@host`
 * of a server's URL is caught with it. Not in it are `/`, `?` and `&`, which a name may have but a path and a query live of.
 */
const ADDRESS =
  /(?:"(?:[^"\\\n]|\\.){1,64}"|[\p{L}\p{M}\p{N}.!#$%'*+=^_`{|}~:-]{1,200})(?:@|%40)(?:\[[\w:.]+\]|[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}.-]*)/giu;

/** An error with its causes, which pino's own serializer folds into one text. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message,
    ...(code === undefined ? {} : { code }),
    stack,
    ...(cause === undefined ? {} : { cause: errorFields(cause) }),
  };
}

type Line = {
  level: number;
  time: string;
  msg?: string;
  err?: { type?: string; stack?: string; message?: string };
} & Record<string, unknown>;

/** The faults we throw say all there is to say; where they were thrown is of use to a program that collects the lines. */
const FORESEEN: readonly string[] = ["Invalid", "NotFound", "Temporary", "Permanent"];

/** `12:03:59 warn  The mail server is slow  host=smtp.example.org`, and below it the stack of an error. */
function forPeople({ level, time, msg = "", err, ...fields }: Line): string {
  const label = (pino.levels.labels[level] ?? String(level)).padEnd(5);
  const rest = Object.entries(fields).map(([name, value]) => `  ${name}=${asText(value)}`);
  const isForeseen = err?.type !== undefined && FORESEEN.includes(err.type);
  const trouble = err ? `\n${(isForeseen ? err.message : err.stack) ?? err.message ?? ""}` : "";
  return `${time.slice(11, 19)} ${label} ${msg}${rest.join("")}${trouble}`;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
