/** Which scripts may stand in one word: a Cyrillic letter among Latin ones is how one name is made to look like another. */

/** Scripts in everyday use (Unicode UAX #31, table 5). */
const SCRIPTS = (
  "Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada " +
  "Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer Han Hiragana Katakana Hangul Bopomofo"
).split(" ");

/** "Highly restrictive" of Unicode UTS #39, section 5.2: what Japanese, Chinese and Korean write beside one another. */
const TOGETHER = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
];

const ALLOWED = [...SCRIPTS.map((script) => [script]), ...TOGETHER].map((scripts) => {
  const letters = scripts.map((script) => `\\p{Script_Extensions=${script}}`).join("");
  return new RegExp(`^[${letters}\\p{Script_Extensions=Common}\\p{Script_Extensions=Inherited}]*$`, "u");
});

/** Whether all letters are of one script, or of scripts that one language writes together. Digits and hyphens go with any. */
export function isOneScript(word: string): boolean {
  return ALLOWED.some((allowed) => allowed.test(word));
}
