/** Blocks of `Name: value` lines, as message/delivery-status and message/feedback-report have them. */

export type Fields = ReadonlyMap<string, string>;

const MOST_BLOCKS = 200;

/**
 * Blocks between blank lines, names in lower case, folded lines joined, the first value of a name kept. A recipient's name
 * that comes again begins a block of its own: some makes leave out the blank line (RFC 3464 2.1 asks for one).
 */
export function readBlocks(text: string): Fields[] {
  const blocks: Map<string, string>[] = [];
  let block = new Map<string, string>();
  let name = "";
  const next = () => {
    if (block.size > 0) blocks.push(block);
    block = new Map();
    name = "";
  };
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (blocks.length === MOST_BLOCKS) break;
    const [, found, value] = /^ {0,4}([A-Za-z][A-Za-z-]{1,40})[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    if (line.trim() === "") next();
    else if (/^[ \t]/.test(line) && name !== "" && !(found !== undefined && BEGINS.has(found.toLowerCase())))
      block.set(name, `${block.get(name)} ${line.trim()}`);
    else if (found === undefined) name = "";
    else {
      const lower = found.toLowerCase();
      if (block.has(lower) && BEGINS.has(lower)) next();
      name = block.has(lower) ? "" : lower;
      if (name !== "") block.set(name, value ?? "");
    }
  }
  next();
  return blocks;
}

const BEGINS: ReadonlySet<string> = new Set(["original-recipient", "final-recipient", "action", "status"]);

/** `rfc822; a@b` → `a@b`; what has no type stays. */
export function withoutType(value: string): string {
  return value.replace(/^[\w-]{1,20}[ \t]*;[ \t]*/, "").trim();
}

/** RFC 3461 section 4: `+2B` is a plus. ENVIDs and original recipients come so, or already decoded. */
export function decodeXtext(value: string): string {
  return value.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
