/** Makes outside text and addresses harmless to whatever they are shown in: no character acts on its surroundings. */

/** Longest address we pass on; browsers and mail programs cut or refuse longer ones (RFC 9110 4.1 asks for 8,000, mail lines for less). */
const longestAddress = 2_000;

/**
 * Text without line breaks and without characters that steer what stands around them.
 *
 * Gone are controls, the bidirectional overrides, embeddings, isolates and marks (UAX 9; "Trojan Source"), zero-width
 * characters that only hide, language tags, private-use characters and halves of surrogate pairs. The two joiners stay:
 * Persian, Hindi and emoji are spelt with them. Every run of white space becomes one space.
 */
export function inertText(text: string): string {
  if (/^(?:[!-~]+ )*[!-~]*$/.test(text)) return text.trimEnd(); // most text, and names are looked at for every mail
  return text
    .replace(/\p{White_Space}+/gu, " ")
    .replace(
      /[\p{Cc}\p{Co}\p{Cs}\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu,
      "",
    )
    .trim();
}

/** `text` inert and of at most `maxLetters` UTF-16 units: cut at a word where there is one near, and marked with `…`. */
export function inertLine(text: string, maxLetters: number): string {
  const inert = inertText(text);
  return inert.length <= maxLetters ? inert : cutAtWord(inert, maxLetters);
}

/** The first words of `text` and `…`, together at most `maxLetters` long; a word longer than half of that is cut inside. */
export function cutAtWord(text: string, maxLetters: number): string {
  const room = text.slice(0, maxLetters - 1);
  const lastSpace = room.lastIndexOf(" ");
  const whole = text[room.length] === " " || lastSpace < room.length / 2 ? room : room.slice(0, lastSpace);
  // A cut between the halves of a surrogate pair would leave one half behind.
  return `${whole.replace(/[\uD800-\uDBFF]$/u, "").replace(/[\s,;:–—-]+$/u, "")}…`;
}

/** The address as a browser would write it, all ASCII; null unless it is http or https, without credentials, and not overlong. */
export function webAddress(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  if (!isWeb || url.username !== "" || url.password !== "" || url.href.length > longestAddress) return null;
  return url.href;
}
