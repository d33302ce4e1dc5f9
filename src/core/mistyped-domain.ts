/** Well-known mail domains, as fingers miss them: `gmial.com` → `gmail.com`. */

/** Names with the endings under which their owner gives out addresses. */
const PROVIDERS: Readonly<Record<string, readonly string[]>> = {
  gmail: ["com"],
  googlemail: ["com"],
  hotmail: "com co.uk fr de it es be nl se no dk fi ch at ca com.br com.ar com.tr co.jp".split(" "),
  outlook: "com fr de it es be ie pt at co.id com.br com.ar com.au jp".split(" "),
  yahoo: "com co.uk fr de it es ca in co.in co.id com.br com.ar com.au com.mx com.sg com.vn co.jp".split(" "),
  icloud: ["com"],
  protonmail: ["com", "ch"],
  fastmail: ["com", "fm"],
  yandex: ["com", "ru", "kz", "by"],
  comcast: ["net"],
  verizon: ["net"],
  orange: ["fr"],
  wanadoo: ["fr"],
  laposte: ["net"],
  "t-online": ["de"],
  freenet: ["de"],
  libero: ["it"],
  naver: ["com"],
  rediffmail: ["com"],
};

/** One slip away from a name above, and somebody's own. */
const OWN_NAMES = new Set("gail yahoot orage oranges arange never saver nader liberto verizone".split(" "));

/** Top-level domains that are none (IANA's list has not got them), as the one that was meant. */
const ENDINGS: Readonly<Record<string, string>> = {
  ...{ con: "com", cmo: "com", ocm: "com", comm: "com", coom: "com", ccom: "com", vom: "com", xom: "com", cim: "com" },
  ...{ conm: "com", copm: "com", coim: "com", nte: "net", ent: "net", nett: "net", ogr: "org", orgg: "org" },
};
/** Countries' own (Colombia, Cameroon, Oman, Ethiopia): a slip only behind a name that lives under the other. */
const COUNTRY_ENDINGS: Readonly<Record<string, string>> = { co: "com", cm: "com", om: "com", et: "net" };

/**
 * The domain that was probably meant. Only what fingers do counts as a slip (two letters swapped, one missing, doubled, or
 * its neighbour on the keyboard), and never on the first letter: `mail.com`, `ymail.com` and `email.com` are real.
 *
 * @param domain lower case, A-labels
 * @returns null when there is nothing to suggest
 */
export function meantDomain(domain: string): string | null {
  const dot = domain.indexOf(".");
  const [name, ending] = [domain.slice(0, dot), domain.slice(dot + 1)];
  const own = Object.hasOwn(PROVIDERS, name) ? name : undefined;
  const known = own ?? (OWN_NAMES.has(name) ? undefined : Object.keys(PROVIDERS).find((meant) => isSlip(name, meant)));
  if (known === undefined) {
    const last = domain.slice(domain.lastIndexOf(".") + 1);
    const meant = Object.hasOwn(ENDINGS, last) ? ENDINGS[last] : undefined;
    return meant === undefined ? null : `${domain.slice(0, -last.length)}${meant}`;
  }
  const endings = PROVIDERS[known]!;
  const meant = endings.includes(ending) ? ending : mended(ending);
  // A known name under an ending of its own is another company's, or that country's branch.
  if (meant === undefined || !endings.includes(meant)) return null;
  const suggestion = `${known}.${meant}`;
  return suggestion === domain ? null : suggestion;
}

function mended(ending: string): string | undefined {
  if (Object.hasOwn(ENDINGS, ending)) return ENDINGS[ending];
  return Object.hasOwn(COUNTRY_ENDINGS, ending) ? COUNTRY_ENDINGS[ending] : undefined;
}

function isSlip(typed: string, meant: string): boolean {
  if (typed[0] !== meant[0] || Math.abs(typed.length - meant.length) > 1) return false;
  const at = [...meant].findIndex((letter, index) => typed[index] !== letter);
  // Nothing differs before the end of the shorter one, or it is the same word.
  const from = at === -1 ? meant.length : at;
  const rest = (text: string, skip: number) => text.slice(from + skip);
  if (typed.length < meant.length) return rest(typed, 0) === rest(meant, 1);
  if (typed.length > meant.length)
    return rest(typed, 1) === rest(meant, 0) && isExtra(typed[from]!, [meant[from - 1], meant[from]]);
  if (from === meant.length) return false;
  const isSwapped =
    typed[from] === meant[from + 1] && typed[from + 1] === meant[from] && rest(typed, 2) === rest(meant, 2);
  return isSwapped || (areNeighbours(typed[from]!, meant[from]!) && rest(typed, 1) === rest(meant, 1));
}

/** A finger that hit twice, or two keys at once. */
function isExtra(letter: string, beside: readonly (string | undefined)[]): boolean {
  return beside.some((other) => other !== undefined && (other === letter || areNeighbours(letter, other)));
}

const ROWS = ["1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/** Beside, or above and below, on the keyboard most people have (a German or French one differs in a few). */
function areNeighbours(a: string, b: string): boolean {
  const place = (letter: string) => {
    const row = ROWS.findIndex((keys) => keys.includes(letter));
    return { row, column: row < 0 ? Number.NaN : ROWS[row]!.indexOf(letter) };
  };
  const [one, other] = [place(a), place(b)];
  const down = other.row - one.row;
  // Each row sits half a key to the right of the one above.
  const across = other.column - one.column;
  if (down === 0) return Math.abs(across) === 1;
  if (down === 1) return across === 0 || across === -1;
  if (down === -1) return across === 0 || across === 1;
  return false;
}
