/** XML and HTML written out by hand: whatever is put into it is text, and nothing in a text is markup. */

/** Markup that was made here, and so may stand inside more of it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | Markup | readonly Markup[];

/** `` markup`<b>${name}</b>` ``: well-formed as XML and as HTML, whatever the name; lists of markup follow each other. */
export function markup(written: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const filled = parts.map((part, i) => {
    const text =
      typeof part === "string"
        ? escaped(part)
        : [part]
            .flat()
            .map((one) => one.text)
            .join("");
    return text + written[i + 1]!;
  });
  return new Markup(written[0]! + filled.join(""));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;", // of "]]>", which no text may hold
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(NO_CHARACTER, "").replace(/[&<>"']/g, (mark) => ENTITIES[mark]!);
}

/** What no XML document may hold, not even escaped (XML 1.0, production 2). */
const NO_CHARACTER = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
