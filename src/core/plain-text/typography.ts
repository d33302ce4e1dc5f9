/** Quotation marks and dashes as TeX writes them, and Markdown's code spans, which use the same backtick. */

// How far a closing mark is looked for: long enough for a quoted sentence, and it keeps the time linear.
const reach = 400;

/** ``` ``so'' ``` → `“so”`, `` `so' `` → `‘so’`, and `` `code` `` → `code`. A backtick without partner goes. */
export function readQuotes(text: string): string {
  if (!text.includes("`") && !text.includes("''")) return text;
  let out = "";
  let at = 0;
  while (at < text.length) {
    const tick = text.indexOf("`", at);
    if (tick < 0) break;
    out += text.slice(at, tick);
    const run = /`+/y;
    run.lastIndex = tick;
    const length = run.exec(text)![0].length;
    const after = tick + length;
    const ahead = text.slice(after, after + reach);
    const [opened, inside, closer] =
      length === 1 ? singleTick(out, ahead) : length === 2 ? doubleTick(ahead) : (["", "", 0] as const);
    out += opened + inside;
    at = after + closer;
    if (length > 2) at += /^\w*\n/.exec(ahead)?.[0].length ?? 0; // the language of a fenced block
  }
  return (out + text.slice(at)).replace(/(?<![\p{L}\p{N}'])''(?=[^\s'])([^'\n]{1,200})(?<=\S)''(?!')/gu, "“$1”");
}

type Read = readonly [before: string, text: string, consumed: number];

function doubleTick(ahead: string): Read {
  const code = ahead.indexOf("``");
  const until = code < 0 ? ahead : ahead.slice(0, code);
  // A straight mark closes what two ticks opened, unless it belongs to a quotation inside.
  const closer = /''|”|(?<=\S)"(?<!\s".{0,400})/s.exec(until);
  if (closer && closer.index > 0) {
    return ["“", `${readQuotes(until.slice(0, closer.index))}”`, closer.index + closer[0].length];
  }
  return code < 0 ? ["“", "", 0] : ["", until, code + 2];
}

function singleTick(before: string, ahead: string): Read {
  if (/[\p{L}\p{N}]$/u.test(before)) {
    if (/^(?:s|t|re|ve|ll|d|m)(?![\p{L}\p{N}])/u.test(ahead)) return ["’", "", 0];
    return [/^[\p{L}\p{N}]/u.test(ahead) ? "`" : "", "", 0];
  }
  const code = ahead.indexOf("`");
  const until = code < 0 ? ahead : ahead.slice(0, code);
  const quote = /^([^\s'](?:[^']|'(?=[\p{L}\p{N}]))*)(?<=\S)'(?![\p{L}\p{N}])/u.exec(until);
  if (quote && quote[0].length !== code) return ["‘", `${quote[1]}’`, quote[0].length];
  return code < 0 ? ["", "", 0] : ["", until, code + 1];
}

/** `2--4` → `2–4`, `---` → `—`. Options (`--once`), arrows (`-->`) and longer rules are no dashes. */
export function setDashes(text: string): string {
  return text
    .replace(/(?<![-<>|!=])---(?![->|=])/g, "—")
    .replace(/(?<![-<>|!=])--(?![->|=])(?!(?<=(?:^|[\s("'“‘])--)[a-z][\w-])/g, "–");
}
