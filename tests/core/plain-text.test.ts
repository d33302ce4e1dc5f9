import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainText, type TextKind } from "../../src/core/plain-text.ts";
import { processorTime } from "../support/processor-time.ts";

const r = String.raw;

/** What goes in, what a reader sees. */
type Cases = readonly (readonly [source: string, seen: string])[];

const crumbs: Cases = [
  [r`$\texttt{Complex-Edit}$: CoT`, "Complex-Edit: CoT"],
  ["S^2L", "S²L"],
  [r`31\% and 31\\%`, "31% and 31%"],
  ["*Data Synthesis* is", "Data Synthesis is"],
  [r`T\"ULU 3, T\"{U}LU`, "TÜLU 3, TÜLU"],
  ["LLäMmlein", "LLäMmlein"],
  [r`\emph{so} \textbf{bold \textit{both}}`, "so bold both"],
  [r`{\it x} {\bf x y} {\em z} {\bf Motivation:} We`, "x x y z Motivation: We"],
  [r`{A} Na{\"i}ve {BERT}: {P}re-training`, "A Naïve BERT: Pre-training"],
  ["{D}en{o}ising, 1{,}879, τ{=}0", "Denoising, 1,879, τ=0"],
  [r`\textsc{Qwen}-\textsf{VL}, \underline{text}, \section{Intro} text`, "Qwen-VL, text, Intro text"],
  [r`\textcolor{red}{warn} {\color{blue} x}`, "warn x"],
  [r`We use \textit{in vitro} data~\citep[see][p.~3]{x}. As in \cite{y}, we`, "We use in vitro data. As in, we"],
  [r`Section~\ref{s} shows \footnote{see x}`, "Section shows (see x)"],
  [r`We list: \begin{itemize} \item one \item two \end{itemize}`, "We list: • one • two"],
  [r`\mymacro{inner text}, \ours{} wins, \ours\ wins, \Ours, so`, "inner text, ours wins, ours wins, Ours, so"],
  [r`x\\y, x \\ y \\[2pt] z and \\textbf{x}`, "x y, x y z and x"],
  [r`a \& b, a\_b, \$5, \#1, \{x, y\}, vs.\ 3`, "a & b, a_b, $5, #1, {x, y}, vs. 3"],
  [r`\verb|x_y| and \texttt{a\_b}, \LaTeX\ is \TeX{}`, "x_y and a_b, LaTeX is TeX"],
  [r`Qwen~\cite{qwen}, LLaVA~\cite{llava}~(7B), i.e.\@ so, {a}_{i}`, "Qwen, LLaVA (7B), i.e. so, a_i"],
  ["2--4, a --- b, train--test", "2–4, a — b, train–test"],
  ["``so'' and `so' and ``so\" and ''so''", "“so” and ‘so’ and “so” and “so”"],
  ["Claude~4.5~Sonnet, models~(LLMs), 450~MB", "Claude 4.5 Sonnet, models (LLMs), 450 MB"],
  ["``He said \"x\" twice'' so", '“He said "x" twice” so'],
  [r`a \- b, data\-base, 8\textsuperscript{th}, \ldots`, "a - b, database, 8th, …"],
  [r`Line one.\n\nLine two.\nLine three`, "Line one. Line two. Line three"],
];

const accents: Cases = [
  [
    r`\'e \'{e} \'\i \"{\i} \^o \~n \=a \.z \c{c} \c c \v{s} \v s \H{o} \k{a} \r{u} \u{g} \d{o}`,
    "é é í ï ô ñ ā ż ç ç š š ő ą ů ğ ọ",
  ],
  ["\\`a and \\`{e}", "à and è"],
  [r`\aa, \o, \ss, \l, \AE, \oe, Stra\ss e, \O rsted, \L{}ukasz`, "å, ø, ß, ł, Æ, œ, Straße, Ørsted, Łukasz"],
  [r`Fr\'{e}chet, Poincar\'e, H\"older, L\'evy, \v{C}ech, Szeg\H{o}`, "Fréchet, Poincaré, Hölder, Lévy, Čech, Szegő"],
  [r`{\'E}cole, M{\"u}ller, na\"{\i}ve, \"Uber-model`, "École, Müller, naïve, Über-model"],
  [r`it\'s, don\'t, we\'ve, Pok\'emon's`, "it's, don't, we've, Pokémon's"],
  [r`"\"quoted\"" and \'so\' on`, `""quoted"" and 'so' on`],
  [r`\"example\" is T\"ULU`, '"example" is TÜLU'],
];

const formulas: Cases = [
  [r`$\alpha$-VAE, $\pi_0$, $\pi_{0.5}$, $\mu$P, $\Delta x$`, "α-VAE, π₀, π_0.5, μP, Δx"],
  ["$x_i$, $x^{n+1}$, $2^n$, $x_{t-1}$, $f_ip_i$", "x_i, x^(n+1), 2^n, x_(t-1), f_i p_i"],
  [r`$2\times$ faster, $2 \times 3$, $2\times3$, 2\times faster`, "2× faster, 2 × 3, 2×3, 2× faster"],
  [r`$\geq 5$, $x\leq5$, $\sim$50\%, $\approx 3$, $\pm 0.5$, $95\pm2$`, "≥5, x ≤ 5, ∼50%, ≈3, ±0.5, 95±2"],
  [r`$A \rightarrow B$, $A\to B$, $x\in\mathbb{R}$, $\infty$`, "A → B, A → B, x ∈ R, ∞"],
  [r`$\mathbb{R}^d$, $\mathcal{O}(n \log n)$, $O(n\log n)$`, "R^d, O(n log n), O(n log n)"],
  [r`$\frac{1}{2}$, $\frac{a+b}{c}$, $\tfrac12$, $x^{\frac{1}{2}}$`, "1/2, (a+b)/c, 1/2, x^(1/2)"],
  [r`$\sqrt{n}$, $\sqrt[3]{x+1}$, $\tilde{O}(\sqrt{dT})$`, "√n, ³√(x+1), Õ(√(dT))"],
  [r`$\hat{y}$, $\bar x$, $\tilde{\theta}$, $\overline{abc}$`, "ŷ, x̄, θ̃, abc"],
  [
    r`$\operatorname{argmax}_x f(x)$, $\arg\max_{x \in X} f$, $\left( a \right)$`,
    "argmax_x f(x), arg max_(x ∈ X) f, (a)",
  ],
  [r`$\mathbb{E}_{x\sim p}[f(x)]$, $D_{\mathrm{KL}}(p \| q)$`, "E_(x ∼ p)[f(x)], D_KL(p ‖ q)"],
  [r`$\{x_i\}_{i=1}^N$, $\{0,1\}^n$, $\langle a, b\rangle$`, "{x_i}_(i=1)^N, {0,1}^n, ⟨a, b⟩"],
  [r`CO$_2$, 90$^\circ$C, BERT$_{\text{large}}$, ViT$_\text{base}$`, "CO₂, 90°C, BERT_large, ViT_base"],
  [r`$8^{th}$, $k^{\text{th}}$, $\theta^*$, $x^\prime$, GPT-4$^\dagger$`, "8th, kth, θ*, x', GPT-4†"],
  [r`\(2 \cdot 10^{25}\), \[b\], $$c$$, $E=mc^2$`, "2 · 10²⁵, b, c, E=mc²"],
  [r`$p<0.05$, $<$10, 5$\%$, $k$NN, $\times$8, $1{,}000$`, "p<0.05, <10, 5%, kNN, ×8, 1,000"],
  [r`$\sum_{i=1}^{n} x_i$, $\int_0^1 f$, $a \neq b$, $\not\in$`, "∑_(i=1)^n x_i, ∫₀¹ f, a ≠ b, ∉"],
  [r`\ensuremath{\alpha^2}, $\text{if } x > 0$, $\underset{x}{\min}$`, "α², if x > 0, min_x"],
  ["𝐀𝐭𝐭𝐞𝐧𝐭𝐢𝐨𝐧 over ℝ, ﬁne", "Attention over R, fine"],
  [
    "2.1times faster, {sim}50, textit{O}bstacles, O(ell^{-β}), q propto p",
    "2.1× faster, ∼50, Obstacles, O(ℓ^(-β)), q ∝ p",
  ],
  ["10^{19}, π_{0.5}, DR^{3}-Eval, G_{stack}, Macro-F_1", "10¹⁹, π_0.5, DR³-Eval, G_stack, Macro-F₁"],
];

const markdown: Cases = [
  ["**bold**, __bold words__, _it_, ***both***, **bold *it***", "bold, bold words, it, both, bold it"],
  ["`code_x`, ``a`b``, it`s", "code_x, a`b, it’s"],
  ["[text](https://x.org/a_(b)) and [https://x.org](https://x.org/)", "text (https://x.org/a_(b)) and https://x.org/"],
  ["![alt](https://x.org/i.png), <https://x.org>", "alt (https://x.org/i.png), https://x.org"],
  ["# Heading\ntext", "Heading: text"],
  ["We list:\n- one\n- two", "We list: • one • two"],
  ["* one\n* two\n\n---\n\nend", "• one • two end"],
  ["~~gone~~ kept", "gone kept"],
  ["```python\nx = 1\n```", "x = 1"],
];

const html: Cases = [
  ["<b>bold</b> &amp; &lt;5 &#39;x&#39; H<sub>2</sub>O 10<sup>-3</sup>", "bold & <5 'x' H₂O 10⁻³"],
  ["<p>one</p><p>two<br/>three</p><ul><li>a</li></ul>", "one two three • a"],
  ['<a href="https://x.org">there</a> &amp;amp; AT&T', "there & AT&T"],
  ["<!-- hidden -->seen", "seen"],
];

const links: Cases = [
  [r`\href{https://x.org/a_b}{our page}`, "our page (https://x.org/a_b)"],
  [r`code at \url{https://github.com/a\_b/c~d}.`, "code at https://github.com/a_b/c~d."],
  [
    "at https://x.org/a{https://x.org/a}. and https://x.org/b{here}.",
    "at https://x.org/a. and here (https://x.org/b).",
  ],
  [
    "https://a.b/~x/c_d--e?f=1&g=2#h_i, (**https://x.org/b**).",
    "https://a.b/~x/c_d--e?f=1&g=2#h_i, (https://x.org/b).",
  ],
];

const untouched = [
  "snake_case __init__ min_p utils_2 HH_RLHF fix_1@1 x_1.py",
  "C*-algebra, A* search, pass@k, f(x)*2, *.py and *.js, 2 * 3",
  "2**10, **kwargs and *args, 8*16B then the 8*16B model",
  "(*) corresponding (*), p<.05*, **p<.01, *Equal contribution",
  "costs $5, $0.10 and $0.20, US$100, $5-$10, from $5M to $10M",
  "$HOME and $PATH",
  "C# and F#, #1, #hashtag, C++",
  "~50%, 2~5x, (~40%), a ~ b, cd ~/src",
  r`C:\Users\new\table.txt and src\tau\app.ts`,
  "--once, paperboy --flag=x, a --> b, R5->R6, =>",
  "{1,2,3,4}, {+1,-1}, UCGM-{T,S}, {a,b}@x.org",
  '{"a": 1, "b": [2]}',
  "<think>, <s>x</s>, <person, action, object>, a<b>c, <script>alert(1)</script>",
  "[1] and [2](Smith) and f[x](y), P(y|x)",
  "O'Reilly's 'quoted' \"x\", f''(x)",
  "Pass^k, 2^n, a ^ b, 1e-5, 3.2×",
  "x_i, x^(n+1), G_stack, π_0.5, O(√(dT)), {x_i}_(i=1)^N",
  "👨‍👩‍👧, می‌خواهم, हिन्दी, 日本語、x_y。",
];

const hostile: Cases = [
  [r`unbalanced {x and $y and **z and \textbf{v`, "unbalanced x and $y and **z and v"],
  ["Vision-G}nerative }{ \\", "Vision-Gnerative"],
  [
    r`Λ^{(text{best)} that enables rapid convergence. A second sentence that runs on at all.} End`,
    "Λ^(best) that enables rapid convergence. A second sentence that runs on at all. End",
  ],
  ["a\u202eb\u200bc\u00add\u0007\ud800e\u0301", "abcdé"],
  ["{{user}} <mj-raw> {{{x}}}", "user <mj-raw> x"],
  ["one\r\n\ttwo\u00a0three\u2028four", "one two three four"],
  ["", ""],
  [" $$ ", "$$"],
];

describe("mark-up becomes letters", () => {
  test.each([...crumbs, ...accents, ...formulas])("TeX %j", (source, seen) => expect(plainText(source)).toBe(seen));
  test.each(markdown)("Markdown %j", (source, seen) => expect(plainText(source)).toBe(seen));
  test.each(html)("HTML %j", (source, seen) => expect(plainText(source)).toBe(seen));
  test.each(links)("links %j", (source, seen) => expect(plainText(source)).toBe(seen));
  test.each(hostile)("broken or hostile %j", (source, seen) => expect(plainText(source)).toBe(seen));
});

test.each(untouched)("nothing readable is lost from %j", (text) => {
  expect(plainText(text)).toBe(text);
  expect(plainText(text, "title")).toBe(text);
});

test("a title has no lists, and its links are words only", () => {
  expect(plainText("Scaling\n  - and Not Scaling -\n  [Agents](https://x.org)", "title")).toBe(
    "Scaling - and Not Scaling - Agents",
  );
});

describe("whatever comes in", () => {
  const marks = ["\\", "{", "}", "$", "^", "_", "~", "*", "**", "`", "``", "''", "--", "\n", " ", "a", "word", "5"];
  const pieces = [
    "\\textbf",
    "\\alpha",
    "\\frac",
    "\\'",
    '\\"',
    "\\%",
    "\\(",
    "\\)",
    "](",
    "[",
    "https://a.b/c_d",
    "&amp;",
  ];
  const more = [
    "<b>",
    "</b>",
    "<sup>",
    "- ",
    "# ",
    "times",
    "{sim}",
    "\\href",
    "\\cite",
    "\\item",
    "\\left",
    "\\leq",
    "C:\\a",
  ];
  const messy = fc
    .array(fc.constantFrom(...marks, ...pieces, ...more), { maxLength: 30 })
    .map((parts) => parts.join(""));
  const kind = fc.constantFrom<TextKind>("title", "abstract");

  test("reading what was read changes nothing", () => {
    fc.assert(
      fc.property(fc.oneof(messy, fc.string({ unit: "binary" })), kind, (source, kind) => {
        const once = plainText(source, kind);
        expect(plainText(once, kind)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  test("letters that Unicode has elsewhere are read where a converter wrote them all the same", () => {
    expect(plainText("𝒜 \u{1d49d}\u{1d4ba}\u{1d4bb}\u{1d455}, \u{1d6a6}\u{1d7cc}x")).toBe("A Befh, x");
  });

  test("one line comes out, in NFC, without control or bidi characters", () => {
    fc.assert(
      fc.property(fc.oneof(messy, fc.string({ unit: "binary" })), (source) => {
        const read = plainText(source);
        expect(read).toBe(read.normalize("NFC").replace(/\s+/g, " ").trim());
        expect(read).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u{1d400}-\u{1d7ff}]/u);
      }),
      { numRuns: 1000 },
    );
  });

  test("plain words with plain punctuation stay as they are", () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,8}[.,;:?]?$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(plainText(words.join(" "))).toBe(words.join(" "));
      }),
    );
  });

  test("doubled escapes are unwrapped, and endless ones end", () => {
    expect(plainText("R&amp;amp;amp;D")).toBe("R&D");
    const endless = plainText(`R&${"amp;".repeat(30)}D \\textbf{kept}`);
    expect(endless).toMatch(/^R .*D kept$/);
    expect(plainText(endless)).toBe(endless);
  });

  test.each(["{", "}", "$", "\\", "*", "_", "`", "<b>", "[a](", "\\frac", "x^{", "$x", "~", "--", "**_", "\\(", ".-"])(
    "%j forty thousand letters long takes no longer than its length asks",
    (piece) => {
      plainText(piece.repeat(100));
      const passed = processorTime();
      plainText(piece.repeat(Math.ceil(40_000 / piece.length)));
      // Quadratic time would be minutes; the linear one is under 0.1 s.
      expect(passed()).toBeLessThan(3000);
    },
  );
});
