/** A paper as an entry for BibTeX. */
import { inertText, webAddress } from "./inert.ts";
import { arxivIdOf, type Day, type PaperFacts } from "./paper.ts";
import { parseName } from "./people.ts";
import { foldLetters } from "./words.ts";

/** What an entry is made from. */
export type Cited = Pick<PaperFacts, "title" | "authors" | "categories" | "publishedAt" | "url"> & {
  /** Public id: arXiv id, or `import:…`. */
  readonly id: string;
  /** The day it first stood in an edition; dates a paper of which nothing else is known. */
  readonly firstOn: Day | null;
};

/** `lovelace2026speculative`, and the entry under that key, ending in a line break. */
export interface Citation {
  readonly key: string;
  readonly entry: string;
}

/**
 * An entry `@misc`, as arXiv asks for (info.arxiv.org/help/hypertex/bibstyles): with eprint, archivePrefix and
 * primaryClass for a paper of arXiv, with its address for any other.
 */
export function bibtexOf(paper: Cited): Citation {
  const arxivId = arxivIdOf(paper.id);
  const year = yearOf(paper, arxivId);
  const key = keyOf(paper, year);
  const [primaryClass] = paper.categories;
  const fields: [string, string][] = [
    // Twice in braces: styles write titles small, and "KV" or "LLM" would go with them.
    ["title", `{${texText(paper.title)}}`],
    ["author", paper.authors.map(texAuthor).filter(Boolean).join(" and ")],
    ["year", year],
    ...(arxivId === null
      ? []
      : ([
          ["eprint", arxivId],
          ["archivePrefix", "arXiv"],
          ["primaryClass", texText(primaryClass ?? "")],
        ] as [string, string][])),
    ["url", texAddress(arxivId === null ? paper.url : `https://arxiv.org/abs/${arxivId}`)],
  ];
  const lines = fields.filter(([, value]) => value !== "").map(([name, value]) => `  ${name} = {${value}},\n`);
  return { key, entry: `@misc{${key},\n${lines.join("")}}\n` };
}

/** By the arXiv id, which never changes, then by what was said, then by when we first had it. */
function yearOf({ publishedAt, firstOn }: Cited, arxivId: string | null): string {
  const digits = arxivId === null ? null : /(?:^|\/)(\d\d)\d\d/.exec(arxivId)?.[1];
  // arXiv began in 1991, so its two digits are never ambiguous before 2091.
  if (digits) return `${digits >= "91" ? "19" : "20"}${digits}`;
  return publishedAt === null ? (firstOn ?? "").slice(0, 4) : String(publishedAt.getUTCFullYear());
}

/** Words that begin titles and tell nothing of them. */
const SMALL = new Set(
  "a an the on of in to for and with from by at as is are do does can how what why when where which we towards toward".split(
    " ",
  ),
);

/** Surname, year and first telling word, in letters that every TeX takes in a key; without such letters, the paper's id. */
function keyOf({ id, authors, title }: Cited, year: string): string {
  const surname = plain(parseName(authors[0] ?? "").words.at(-1) ?? "");
  const words = foldLetters(title)
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .map(plain)
    .filter(Boolean);
  const word = words.find((each) => !SMALL.has(each)) ?? words[0] ?? plain(id);
  return `${surname || "anonymous"}${year}${word.slice(0, 40)}`;
}

function plain(text: string): string {
  return foldLetters(text)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** BibTeX splits authors at the word "and", and names at two commas at most; what has more stands in braces, as one word. */
function texAuthor(name: string): string {
  const text = texText(name);
  return /(?:^|\s)and(?:\s|$)/i.test(name) || name.split(",").length > 3 ? `{${text}}` : text;
}

/**
 * What means something to TeX. Braces become words, since BibTeX counts those it finds and takes no notice of a backslash:
 * a single one would swallow the rest of the file.
 */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\textbraceleft{}",
  "}": "\\textbraceright{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  ...Object.fromEntries([..."#$%&_"].map((mark) => [mark, `\\${mark}`])),
};

/** Letters that are no base and accent; those TeX has only in some font encodings stay as they are. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{
    ß: "{\\ss}",
    æ: "{\\ae}",
    Æ: "{\\AE}",
    œ: "{\\oe}",
    Œ: "{\\OE}",
    ø: "{\\o}",
    Ø: "{\\O}",
    ł: "{\\l}",
    Ł: "{\\L}",
  },
  ...{ ı: "{\\i}" },
};

const ACCENTS: Readonly<Record<string, string>> = {
  ...{ "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": "." },
  ...{ "\u0308": '"', "\u030A": "r", "\u030B": "H", "\u030C": "v", "\u0323": "d", "\u0327": "c", "\u0328": "k" },
};

/**
 * Accents as commands, which the BibTeX of 1988 still sorts right; letters it has no command for, such as Greek and Chinese
 * ones, as they are: TeX has read UTF-8 by itself since 2018.
 */
function texText(text: string): string {
  return inertText(text)
    .normalize("NFC")
    .replace(/[\\{}~^<>|#$%&_]/g, (mark) => SPECIAL[mark]!)
    .replace(/[ßæÆœŒøØłŁı]/g, (letter) => LETTERS[letter]!)
    .replace(/[\u00C0-\u024F\u1E00-\u1EFF]/g, (letter) => {
      const [base = "", mark = "", ...more] = letter.normalize("NFD");
      const accent = ACCENTS[mark];
      if (accent === undefined || more.length > 0) return letter;
      const under = base === "i" || base === "j" ? `\\${base}` : base;
      return `{\\${accent}${/[a-zA-Z]/.test(accent) && !under.startsWith("\\") ? " " : ""}${under}}`;
    });
}

/** An address is set as it stands, percent signs too (packages url and biblatex); braces are what BibTeX counts. */
function texAddress(url: string): string {
  return (webAddress(url) ?? "").replace(/[{}\\]/g, encodeURIComponent);
}
