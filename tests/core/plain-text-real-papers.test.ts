import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plainText, type TextKind } from "../../src/core/plain-text.ts";
import { sharedData } from "../support/shared-data.ts";

describe.skipIf(sharedData === null)("over the real papers (skipped where ../shared/data is missing)", () => {
  const texts = sharedData === null ? [] : [...seedTexts(sharedData), ...aprilTexts(sharedData)];

  test("there are 267 and 707 of them", () => {
    expect(texts.filter((text) => text.kind === "title").length).toBe(267 + 707);
  });

  test("no formula, command, group or Markdown mark is left", () => {
    const leftOver =
      /\$(?!\d)|\\|`|''|\*\*|(?<!\S)\*\S[^*]*\*(?!\S)|[_^]\{|\{(?![^{}]*[,;][^{}]*\})|(?<=\w)--(?=\w)|(?<= )--(?= )|\dtimes\b|<\/?[bi]>|&\w+;/;
    expect(texts.map(({ source, kind }) => plainText(source, kind)).filter((seen) => leftOver.test(seen))).toEqual([]);
  });

  test("letters and digits are all still there, but for commands and doubled addresses", () => {
    const markUp =
      /\\(?:%|texttt|textbf|textit|em|url|cdot)\b|text(?:it)?(?=\{)|(?<=\d)times|\{?sim\}?(?=\d)|\bsum(?=_)|\bell(?=\^)|\bpropto\b/g;
    const bones = (text: string) =>
      text
        .replace(/(https?:\/\/[^\s{}]+)\{\1\}/g, "$1")
        .replace(/(https?:\/\/[^\s{}]+)\{([^{}]+)\}/g, "$2 $1")
        .replace(markUp, "")
        .normalize("NFKD")
        .replace(/[^\p{L}\p{N}]/gu, "");
    const signs = /[×∼∑ℓ∝]|\p{M}/gu; // what those commands became
    const lost = texts.filter(({ source, kind }) => {
      const seen = plainText(source, kind).normalize("NFC");
      return bones(source.replace(signs, "")) !== bones(seen.normalize("NFD").replace(signs, ""));
    });
    expect(lost.map(({ source }) => source)).toEqual([]);
  });

  test("reading them again changes nothing", () => {
    for (const { source, kind } of texts) {
      const once = plainText(source, kind);
      expect(plainText(once, kind)).toBe(once);
    }
  });
});

interface Text {
  readonly kind: TextKind;
  readonly source: string;
}

/** A page dump: two banner lines, "Subscribe" glued to the first title, then titles and abstracts in turn. */
function seedTexts(folder: string): Text[] {
  return readdirSync(`${folder}/seed`).flatMap((file) =>
    readFileSync(`${folder}/seed/${file}`, "utf8")
      .trimEnd()
      .split("\n")
      .slice(2)
      .map(
        (line, i) =>
          ({
            kind: i % 2 === 0 ? "title" : "abstract",
            source: i === 0 ? line.replace("Subscribe", "") : line,
          }) as const,
      ),
  );
}

function aprilTexts(folder: string): Text[] {
  type Item = { paper: { title: string; summary?: string; ai_summary?: string } };
  return readdirSync(`${folder}/hugging-face/daily`).flatMap((file) =>
    (JSON.parse(readFileSync(`${folder}/hugging-face/daily/${file}`, "utf8")) as Item[]).flatMap(({ paper }) => [
      { kind: "title" as const, source: paper.title },
      { kind: "abstract" as const, source: paper.summary ?? "" },
      { kind: "abstract" as const, source: paper.ai_summary ?? "" },
    ]),
  );
}
