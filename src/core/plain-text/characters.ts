/** Characters that are not text, and letters in costume. */

// C0 and C1 controls but tab and line ends; soft hyphen; zero-width space, word joiner and the invisible operators beside
// it; byte order mark; interlinear annotation; tags; surrogates without partner; characters that Unicode will never assign
// (Keepsakes uses some of those as its marks). U+200C and U+200D stay: Persian words and emoji need them.
const notText =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it takes out
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]|\p{Cs}/gu;

// Bidirectional marks, embeddings, overrides and isolates: they let a title reorder the line it is printed on.
const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

// Mathematical alphanumerics and their older siblings among the letterlike symbols (ℝ, ℋ), which screen readers skip or
// spell out; and the ligatures that come with text copied from a PDF (ﬁ). ℓ stays: every font has it and it is read well.
const costumes =
  /[\u{1d400}-\u{1d7ff}\u2102\u210a-\u210e\u2110-\u2112\u2115\u2119-\u211d\u2124\u2128\u212c\u212d\u212f-\u2131\u2133\u2134\u213c-\u2140\u2145-\u2149\ufb00-\ufb06]+/gu;

// Unicode left places of that block empty where a letter had an older sibling (U+1D4BA: ℯ): without a meaning, so NFKC leaves
// them, but some converter wrote them, and they show as boxes. The Latin alphabets follow each other, 52 letters each.
const holes = /[\u{1d400}-\u{1d7ff}]/gu;
const latinFrom = 0x1d400;
const latinTo = 0x1d6a3;

function letterOfHole(hole: string): string {
  const code = hole.codePointAt(0)!;
  if (code > latinTo) return "";
  const letter = (code - latinFrom) % 52;
  return String.fromCharCode(letter < 26 ? 65 + letter : 97 + letter - 26);
}

/** Text without invisible characters, with plain letters for styled ones, in NFC. */
export function cleanCharacters(text: string): string {
  return text
    .replace(notText, "")
    .replace(bidi, "")
    .replace(costumes, (letters) => letters.normalize("NFKC").replace(holes, letterOfHole))
    .normalize("NFC");
}
