/** TeX that lost its backslashes and dollars on the way: Hugging Face shows `$2.1\times$` as `2.1times`. */
import { isSymbol } from "./tex-names.ts";

const withArgument =
  /(?<![\p{L}\\])(text(?:it|bf|tt|sc|rm|sf|sl|up)?|emph|math(?:rm|bf|cal|bb|it|sf|tt|frak|scr)|operatorname|boldsymbol|sqrt|frac|underline|overline|widehat|widetilde)(?=\{)/gu;
const withLimits = /(?<![\p{L}\p{N}\\_])(?:(sum|prod|int)(?=[_^]\{)|ell(?=[_^]))/gu;
const factor = /(?<=\d)times(?![\p{L}\p{N}_])/gu;
// Names that are no English words; `approx`, `sim`, `pm` and the Greek letters can be.
const alone =
  /(?<![\p{L}\p{N}\\_{.-])(?:propto|leq|geq|neq|infty|cdot|ldots|cdots|varepsilon|varphi|rightarrow|leftarrow|Rightarrow|leftrightarrow)(?![\p{L}\p{N}_.-])/gu;
const english = new Set([
  "in",
  "to",
  "star",
  "dag",
  "top",
  "bot",
  "cup",
  "cap",
  "angle",
  "mid",
  "ast",
  "all",
  "wedge",
  "log",
  "and",
]);

/** The text with backslashes again where a command is certain: `{sim}50` → `\sim{}50`, `textit{O}` → `\textit{O}`. */
export function restoreCommands(text: string): string {
  return text
    .replace(withArgument, "\\$1")
    .replace(withLimits, "\\$&")
    .replace(factor, "×")
    .replace(/(?<=\d)sim(?=\d)/g, "∼")
    .replace(alone, "\\$&")
    .replace(/(?<![\\\p{L}_^}])\{([A-Za-z]{2,20})\}/gu, (whole, name: string) =>
      isSymbol(name) && !english.has(name) ? `\\${name}{}` : whole,
    );
}
