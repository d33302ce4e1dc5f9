/**
 * Text as words that can be compared: case, accents, plurals and British spelling stop mattering here, once, for
 * papers, phrases and names alike.
 */

/** What stands between a word and the word before it. A phrase may cross all of them but `break` and `wall`. */
export const Gap = { space: 0, hyphen: 1, slash: 2, break: 3, wall: 4 } as const;
export type Gap = (typeof Gap)[keyof typeof Gap];

/** One word of a text. */
export interface Word {
  /** As written, but for case, accents and Greek letters: `agents`, `c++`, `pass@k`, `beta`. */
  readonly surface: string;
  /** What its forms share: `agent`; only for comparing, not for reading. */
  readonly stem: string;
  readonly gap: Gap;
}

/** The words of a text in order. The first one stands behind a `wall`. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  eachWord(text, (surface, gap) => words.push({ surface, stem: stemOf(surface), gap }));
  return words;
}

/** Calls `visit` for each word of a text in order, without making objects of them. */
export function eachWord(text: string, visit: (surface: string, gap: Gap) => void): void {
  const folded = foldLetters(text);
  const pattern = ASCII.test(folded) ? ASCII_WORD : ANY_WORD;
  let end = -1;
  for (const match of folded.matchAll(pattern)) {
    const word = match[0];
    const gap = end < 0 ? Gap.wall : gapOf(folded.slice(end, match.index));
    end = match.index + word.length;
    visit(word.includes("'") ? word.replace(/'s$/, "").replaceAll("'", "") : word, gap);
  }
}

const ASCII = /^\p{ASCII}*$/u;
// A dot holds digits together (qwen2.5), @ & ' hold letters together (pass@k, q&a, don't); C++ and C# keep their signs.
const ASCII_WORD =
  /[a-z0-9]+(?:(?:(?<=[0-9])\.(?=[0-9])|[@&'](?=[a-z0-9]))[a-z0-9]+)*(?:\+\+|(?<=(?<![a-z0-9])[a-z])#)?/g;
// Chinese and Japanese put nothing between words: there each letter is one, and a phrase is a run of them.
const LETTER = String.raw`(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])`;
const ANY_WORD = new RegExp(
  String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|${LETTER}+(?:(?:(?<=[0-9])\.(?=[0-9])|[@&'](?=${LETTER}))${LETTER}+)*(?:\+\+|(?<=(?<!${LETTER})[a-z])#)?`,
  "gu",
);

function gapOf(between: string): Gap {
  if (between === " ") return Gap.space;
  // A hyphen before a line break belongs to a word that was cut there.
  if (between === "" || /^(?:[-\u2010\u2013_^]|[-\u2010]\n)$/.test(between)) return Gap.hyphen;
  if (between === "/") return Gap.slash;
  return /^["'`*\u201c\u201d\s]+$/.test(between) ? Gap.space : Gap.break;
}

const GREEK_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  "α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi ο omicron π pi ρ rho σ sigma τ tau υ upsilon φ phi χ chi ψ psi ω omega"
    .split(" ")
    .flatMap((word, i, all) => (i % 2 === 0 ? [[word, all[i + 1]!]] : [])),
);
// Letters that Unicode does not take apart into a base letter and a mark.
const OTHER_LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
  ı: "i",
  ς: "σ",
  "’": "'",
  "‘": "'",
  ʼ: "'",
};

/**
 * Lower case without accents: `Schrödinger` → `schrodinger`, `ﬁ` → `fi`, `𝔸` → `a`, `β-VAE` → `beta-vae`. A Greek letter
 * on its own is a symbol and is written out; a Greek word stays one.
 */
export function foldLetters(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[ßæœøłđðþħıς’‘ʼ]/g, (letter) => OTHER_LETTERS[letter]!)
    .replace(/(?<![α-ω])[α-ω](?![α-ω])/g, (letter) => GREEK_NAMES[letter]!);
}

/** What the forms of a word share: singular and plural, British and American. Not a linguist's stem: it is only compared. */
export function stemOf(surface: string): string {
  const irregular = IRREGULAR.get(surface);
  if (irregular !== undefined) return irregular;
  if (surface.length < 4) return surface;
  const singular = singularOf(surface);
  return singular.length < 5 ? singular.replace(SILENT_E, "$1") : american(singular).replace(SILENT_E, "$1");
}

// The plural "caches" does not tell whether its singular ends in "che" or "ch": neither keeps the e.
const SILENT_E = /(ch|sh|x|z|ss)e$/;

function singularOf(word: string): string {
  if (!word.endsWith("s") || /(?:ss|us|is|ias)$/.test(word)) return word;
  if (/[^aeiou]ies$/.test(word)) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(?:lys|thes)es$/.test(word)) return `${word.slice(0, -2)}is`;
  if (/(?:ias|rus|tus|pus|cus|nsus|ratus)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

function american(word: string): string {
  // Nearly all words end otherwise, and one look is four times as fast as four.
  if (
    !/(?:[iy]s(?:e|ed|er|ing|ation|ational|able|ability)|our(?:al|ed|ing|hood|ful|able|ism|ization|isation|ite)?|l(?:ed|er|ing|or)|[ao]e.*|dgement)$/.test(
      word,
    )
  )
    return word;
  return (
    word
      .replace(/is(e|ed|er|ing|ation|ational|able|ability)$/, "iz$1")
      .replace(/ys(e|ed|er|ing)$/, "yz$1")
      .replace(/our(?=$|al$|ed$|ing$|hood$|ful$|able$|ism$|ization$|ite$)/, "or")
      .replace(
        /^(model|label|travel|signal|channel|level|cancel|tunnel|fuel|total|initial|equal|counsel)l(?=ed$|er$|or$|ing$)/,
        "$1",
      )
      .replace(/dgement$/, "dgment")
      // Medicine keeps the Greek diphthongs in Britain.
      .replace(/(?<=^an|^leuk|^h|isch|ur|glyc)aem/, "em")
      .replace(/(?<=^(?:ortho)?p)aed|(?<=^an)aes(?=th)|(?<=^gyn)aec/, (letters) => letters.slice(1))
      .replace(/^oe(?=soph|str|dem)|(?<=^f)oe(?=tus|tal)|(?<=^diarrh)oe/, "e")
  );
}

/** Plurals and spellings that no rule above gets right, and words that only look like plurals. */
const IRREGULAR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    news: "news",
    lens: "lens",
    lenses: "lens",
    series: "series",
    species: "species",
    always: "always",
    does: "does",
    movies: "movie",
    cookies: "cookie",
    zombies: "zombie",
    selfies: "selfie",
    calories: "calorie",
    genies: "genie",
    gpus: "gpu",
    cpus: "cpu",
    tpus: "tpu",
    npus: "npu",
    apis: "api",
    guis: "gui",
    menus: "menu",
    lms: "lm",
    vms: "vm",
    nns: "nn",
    matrices: "matrix",
    indices: "index",
    vertices: "vertex",
    vortices: "vortex",
    simplices: "simplex",
    cortices: "cortex",
    helices: "helix",
    appendices: "appendix",
    axes: "axis",
    heroes: "hero",
    echoes: "echo",
    potatoes: "potato",
    tomatoes: "tomato",
    criteria: "criterion",
    phenomena: "phenomenon",
    spectra: "spectrum",
    optima: "optimum",
    minima: "minimum",
    maxima: "maximum",
    momenta: "momentum",
    quanta: "quantum",
    automata: "automaton",
    polyhedra: "polyhedron",
    bacteria: "bacterium",
    formulae: "formula",
    antennae: "antenna",
    nuclei: "nucleus",
    radii: "radius",
    foci: "focus",
    loci: "locus",
    schemata: "schema",
    corpora: "corpus",
    stimuli: "stimulus",
    children: "child",
    men: "man",
    women: "woman",
    mice: "mouse",
    feet: "foot",
    teeth: "tooth",
    leaves: "leaf",
    lives: "life",
    halves: "half",
    shelves: "shelf",
    wolves: "wolf",
    knives: "knife",
    gases: "gas",
    buses: "bus",
    canvas: "canvas",
    canvases: "canvas",
    atlas: "atlas",
    atlases: "atlas",
    quizzes: "quiz",
    viruses: "virus",
    crises: "crisis",
    diagnoses: "diagnosis",
    centre: "center",
    centres: "center",
    centred: "centered",
    centring: "centering",
    metre: "meter",
    metres: "meter",
    litre: "liter",
    litres: "liter",
    fibres: "fiber",
    theatre: "theater",
    theatres: "theater",
    catalogue: "catalog",
    catalogues: "catalog",
    defence: "defense",
    defences: "defense",
    artefact: "artifact",
    artefacts: "artifact",
    encyclopaedia: "encyclopedia",
    programme: "program",
    programmes: "program",
    offence: "offense",
    offences: "offense",
    licence: "license",
    licences: "license",
    dialogue: "dialog",
    dialogues: "dialog",
    analogue: "analog",
    analogues: "analog",
    sceptic: "skeptic",
    sceptical: "skeptical",
    favourite: "favorite",
    aluminium: "aluminum",
    ageing: "aging",
    mould: "mold",
    fibre: "fiber",
    grey: "gray",
    greyscale: "grayscale",
  }),
);

/** Words too small to be half of another one: `in formation` is not `information`. */
const SMALL_WORDS = new Set(
  "a all am an and any are as at be but by can do for from had has have he her his i if in into is it its me my no nor not of off on one or our out over own per s she so than that the them then there they this to too up us was we were will with you your".split(
    " ",
  ),
);

/**
 * May these two be one word: `multi` + `agent`, `gpt` + `4`? Two numbers may not; small words only where a hyphen joins
 * them (`in-painting`, not `in painting`).
 */
export function mayJoin(first: string, second: string, gap: Gap): boolean {
  if (gap >= Gap.break || (/^\d+$/.test(first) && /^\d+$/.test(second))) return false;
  return gap === Gap.hyphen || !(SMALL_WORDS.has(first) || SMALL_WORDS.has(second));
}
