/** Sub- and superscripts in a line of text. */

const raised = new Map(pairs("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾"));
const lowered = new Map(pairs("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎"));

/**
 * `2` → `²`, `i` → `^i`, `n+1` → `^(n+1)`, `th` after a number or letter → `th`, `\circ` → `°`.
 *
 * Digits and signs have raised and lowered forms in every font. Letters stay letters: their small forms are phonetic
 * characters that fonts lack and screen readers skip, and `f_i` can be searched for.
 */
export function superscript(content: string, before: string): string {
  const text = content.replace(/^[\s,]+|\s+$/g, "");
  if (text === "") return "";
  if (/^(?:th|st|nd|rd)$/.test(text) && /[\p{L}\p{N}]$/u.test(before)) return text;
  if (/^[*∗⋆]$/.test(text)) return "*";
  if (/^[∘°]$/.test(text)) return "°";
  if (/^′+$/.test(text)) return "'".repeat(text.length);
  if (/^[†‡§¶™®%]+$/.test(text)) return text;
  if (text === "⊤") return "^T";
  return (
    inEvery(text, raised) ??
    (/^(?:\p{L}\p{M}*)+$/u.test(text) || isOne(text) || isWrapped(text) ? `^${text}` : `^(${text})`)
  );
}

/** `0` → `₀`, `stack` → `_stack`, `0.5` → `_0.5`, `i=1` → `_(i=1)`. */
export function subscript(content: string): string {
  const text = content.replace(/^[\s,]+|\s+$/g, "");
  if (text === "") return "";
  const isWord = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}.]*$/u.test(text) || isOne(text) || isWrapped(text);
  return inEvery(text, lowered) ?? (isWord ? `_${text}` : `_(${text})`);
}

function inEvery(text: string, table: Map<string, string>): string | undefined {
  const forms = Array.from(text, (letter) => table.get(letter));
  return forms.includes(undefined) ? undefined : forms.join("");
}

function isOne(text: string): boolean {
  return /^[^\s\p{N}{}_^]\p{M}*$/u.test(text);
}

function isWrapped(text: string): boolean {
  return /^\([^()]*\)$/.test(text);
}

function pairs(from: string, to: string): [string, string][] {
  const targets = Array.from(to);
  return Array.from(from, (letter, i) => [letter, targets[i]!]);
}
