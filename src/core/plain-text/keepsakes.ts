/** Addresses and paths, whose `_`, `~`, `--` and `\` mean themselves. */

// Noncharacters: cleanCharacters has removed them from the input, so whatever stands between these marks is ours.
const opening = "\ufdd0";
const closing = "\ufdd1";
const digitZero = 0xfdd2;
const mark = /\ufdd0([\ufdd2-\ufddb]+)\ufdd1/g;

const address =
  /\b(?:https?|ftp):\/\/(?:[^\s<>"{}[\]|^`$\\“”‘’…–—\u3000-\u303f\uff00-\uffef\ufdd0-\ufdef]|\\[_%&#~])+/gu;
const trailing = /[.,;:!?'*_~]+$/;
const markdownLink = /!?\[([^[\]\n]{0,400})\]\(\s*<?(\ufdd0[\ufdd2-\ufddb]+\ufdd1)>?(?:\s+"[^"\n]{0,200}")?\s*\)/g;
const angled = /<(\ufdd0[\ufdd2-\ufddb]+\ufdd1)>/g;
// `C:\data\new.txt`, and `src\table\new.py`, which would otherwise read as TeX.
const path =
  /(?<![\w\\.-])(?:[A-Za-z]:\\[\w.-]{1,100}(?:\\[\w.-]{1,100}){0,20}|[\w.-]{1,100}(?:\\[\w-]{1,100}){0,20}\\[\w-]{1,100}\.[a-z]{1,5}(?!\w))/g;

/** What is set aside while the rest is read, and put back at the end. */
export class Keepsakes {
  private readonly kept: string[] = [];
  private readonly marks = new Map<string, string>();

  /** The text with a mark in place of every address and path; Markdown links are resolved on the way. */
  takeOut(text: string, withAddress: boolean): string {
    return text
      .replace(address, (found) => {
        const [kept, rest] = splitAddress(found);
        return this.keep(kept.replace(/\\(?=[_%&#~])/g, "")) + rest;
      })
      .replace(markdownLink, (_, words: string, at: string) => this.link(words, at, withAddress))
      .replace(angled, "$1")
      .replace(path, (found) => this.keep(found));
  }

  /** `words (address)`; the address alone when the words are that address again; in a title the words alone. */
  link(words: string, at: string, withAddress: boolean): string {
    const shown = this.putBack(words).trim();
    const target = this.putBack(at).trim();
    if (shown === "" || bare(shown) === bare(target)) return at;
    return withAddress && target !== "" ? `${words} (${at})` : words;
  }

  putBack(text: string): string {
    return text.replace(mark, (_, digits: string) => {
      const index = Number(Array.from(digits, (digit) => digit.charCodeAt(0) - digitZero).join(""));
      return this.kept[index] ?? "";
    });
  }

  private keep(value: string): string {
    const known = this.marks.get(value);
    if (known) return known;
    const digits = Array.from(String(this.kept.push(value) - 1), (digit) =>
      String.fromCharCode(digitZero + Number(digit)),
    );
    const made = opening + digits.join("") + closing;
    this.marks.set(value, made);
    return made;
  }
}

/** An address and what follows it in the sentence: a full stop, or the `)` of a parenthesis it did not open. */
function splitAddress(found: string): [kept: string, rest: string] {
  let end = found.length;
  let surplus = count(found, ")") - count(found, "(");
  for (;;) {
    const cut = end - (trailing.exec(found.slice(Math.max(0, end - 20), end))?.[0].length ?? 0);
    if (cut < end) end = cut;
    else if (surplus > 0 && found[end - 1] === ")") {
      end--;
      surplus--;
    } else return [found.slice(0, end), found.slice(end)];
  }
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

function bare(at: string): string {
  return at.replace(/^(?:https?:\/\/)?(?:www\.)?/, "").replace(/\/$/, "");
}
