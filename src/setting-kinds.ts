/**
 * What a setting can be: a URL, a whole number, a domain, a list … Each says what to write instead. An empty setting is an
 * unset one; the spaces, the carriage return and the quotes around a value that some readers of such files leave do not count.
 */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";

const bare = (value: unknown) => {
  if (typeof value !== "string") return value;
  const text = value.trim();
  const unquoted = /^(["'])((?!.*\1.*\1).*)\1$/su.exec(text)?.[2]?.trim() ?? text;
  return unquoted === "" ? undefined : unquoted;
};
export const setting = <T extends z.ZodType>(schema: T) => z.preprocess(bare, schema);
export const list = (value: unknown) =>
  typeof value === "string"
    ? value
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean)
    : value;

export const url = (
  protocols: RegExp,
  write: string,
  isFine: (url: URL) => boolean = ({ hostname }) => hostname !== "",
) =>
  z.string().refine(
    (text) => {
      if (!URL.canParse(text)) return false;
      const parsed = new URL(text);
      return protocols.test(parsed.protocol) && isFine(parsed);
    },
    { message: `is not such a URL. Write ${write}` },
  );
export const whole = (min: number, max: number) => {
  const message = `is not a whole number from ${min} to ${max}`;
  return z.coerce.number(message).int(message).min(min, message).max(max, message);
};

/** Text that `parse` makes something of. */
export const parsed = <T>(parse: (text: string) => T | null, message: string) =>
  z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue(message);
    return z.NEVER;
  });

/** Web addresses stand in messages and logs, where no password belongs. */
export const isWithoutLogin = ({ hostname, username, password }: URL) => hostname !== "" && !(username || password);

/** Paths are put behind it, so it ends before any query; and it stands in mails, so it holds no password. */
export const origin = (write: string) =>
  url(
    /^https?:$/,
    write,
    ({ search, hash, username, password }) => !(search || hash || username || password),
  ).transform((text) => text.replace(/[/?#]+$/, ""));
/** In A-labels, as DNS and headers have it. */
export const domain = z
  .string()
  .transform((text) => (/[/?#\\]/.test(text) ? "" : domainToASCII(text.trim())))
  .refine((name) => /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(name), "is not a domain. Write example.org");
export const isProxies = (text: string) =>
  /^\d{1,3}$/.test(text) ||
  text.split(",").every((part) => {
    const [address = "", bits, ...more] = part.trim().split("/");
    const isRange = more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits)) && isIP(address) > 0;
    return isRange || ["loopback", "linklocal", "uniquelocal"].includes(part.trim());
  });
