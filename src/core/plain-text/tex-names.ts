/**
 * What TeX's names stand for.
 *
 * Our own table. The one on npm (unicodeit) has 2,500 entries, of which papers use these, maps letters to mathematical
 * alphanumerics, which we must not show, and brings a typeahead widget along; @unified-latex and KaTeX parse documents and
 * formulas, where we have neither. A name that is missing here loses its backslash and stays readable.
 */

/** How a symbol sits between its neighbours: relations get spaces, operators get them where the source has them. */
type SymbolKind = "letter" | "relation" | "operator" | "function";

export interface TexSymbol {
  readonly kind: SymbolKind;
  readonly text: string;
}

// Greek in its plain letters, also where TeX has variants; then letters of text, marks and signs.
const letters = `alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta θ iota ι kappa κ varkappa κ
  lambda λ mu μ nu ν xi ξ omicron ο pi π varpi π rho ρ varrho ρ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ
  omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
  ell ℓ hbar ℏ imath i jmath j Re Re Im Im aleph ℵ partial ∂ nabla ∇ infty ∞ infinity ∞ emptyset ∅ varnothing ∅ prime ′
  forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ triangle △ square □ Box □ blacksquare ■ qed ∎ lozenge ◊
  sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀ bigsqcup ⨆
  dagger † dag † ddagger ‡ ddag ‡ star ⋆ bigstar ★ ast ∗ bullet • circ ∘ clubsuit ♣ diamondsuit ♦ heartsuit ♥ spadesuit ♠
  checkmark ✓ cmark ✓ xmark ✗ ballotx ✗ flat ♭ natural ♮ sharp ♯ S § P ¶ copyright © textcopyright © pounds £ textsterling £
  euro € texteuro € yen ¥ textyen ¥ textregistered ® texttrademark ™ degree ° textdegree ° celsius °C textmu µ micro µ
  ldots … dots … cdots … dotsc … dotsb … textellipsis … vdots ⋮ ddots ⋱ lbrace { rbrace } lbrack [ rbrack ]
  langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lVert ‖ rVert ‖ Vert ‖ lvert | rvert | vert | backslash \\ textbackslash \\
  textasciitilde ~ textasciicircum ^ textunderscore _ textbar | textless < textgreater > textquotesingle ' textquotedbl "
  textquoteleft ‘ textquoteright ’ textquotedblleft “ textquotedblright ” textendash – textemdash — textperiodcentered ·
  textbullet • textdollar $ textpercent % textbraceleft { textbraceright } guillemotleft « guillemotright » lq ‘ rq ’
  aa å AA Å ae æ AE Æ oe œ OE Œ o ø O Ø l ł L Ł ss ß SS ẞ i i j j dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ
  TeX TeX LaTeX LaTeX LaTeXe LaTeX2e BibTeX BibTeX eg e.g. ie i.e. lt < gt >`;

const relations = `leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ ll ≪ gg ≫ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ asymp ≍
  propto ∝ triangleq ≜ doteq ≐ coloneqq := colon : prec ≺ succ ≻ preceq ⪯ succeq ⪰ lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆
  in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ subsetneq ⊊ supset ⊃ supseteq ⊇ sqsubseteq ⊑ sqsupseteq ⊒ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ perp ⊥
  parallel ∥ mid | to → rightarrow → longrightarrow → xrightarrow → leftarrow ← gets ← longleftarrow ← xleftarrow ←
  leftrightarrow ↔ longleftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⇒ implies ⇒ Leftarrow ⇐ impliedby ⇐ Leftrightarrow ⇔ iff ⇔
  Longleftrightarrow ⇔ mapsto ↦ longmapsto ↦ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightleftharpoons ⇌ leadsto ⇝
  rightsquigarrow ⇝ nearrow ↗ searrow ↘ nwarrow ↖ swarrow ↙ therefore ∴ because ∵ bowtie ⋈`;

const operators = `times × cdot · div ÷ pm ± mp ∓ oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ boxplus ⊞ boxtimes ⊠ cup ∪ cap ∩ sqcup ⊔ sqcap ⊓
  setminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ diamond ⋄ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ textuparrow ↑
  textdownarrow ↓ textrightarrow → textleftarrow ← texttimes × textpm ±`;

const functions = `log ln lg exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh max min sup inf lim limsup liminf arg
  argmax argmin det dim ker gcd deg hom Pr bmod mod`;

/** Commands that only change the look of what follows, or nothing: they leave no trace. */
export const silent: ReadonlySet<string> = new Set(
  `em it bf rm sc tt sl sf bfseries itshape ttfamily sffamily scshape mdseries upshape normalfont boldmath unboldmath tiny
  scriptsize footnotesize small normalsize large Large LARGE huge Huge displaystyle textstyle scriptstyle scriptscriptstyle
  limits nolimits left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr Biggl Biggr protect xspace
  noindent indent centering newline linebreak newpage clearpage maketitle relax nonumber smallskip medskip bigskip
  allowbreak nobreak nobreakdash hfill vfill hline toprule midrule bottomrule leavevmode strut null footnotemark par
  quad qquad space enspace thinspace medspace thickspace nobreakspace linewidth textwidth sloppy selectfont`.split(
    /\s+/,
  ),
);

/** Those of the silent ones that are a space or a line end. */
export const spaces: ReadonlySet<string> = new Set(
  "par quad qquad space enspace thinspace medspace thickspace nobreakspace newline linebreak".split(" "),
);

/** Commands whose arguments are no text but a label, a colour, a length. */
const dropped = new Set(
  `cite citep citet citealp citealt citeauthor citeyear citeyearpar nocite parencite textcite autocite footcite ref eqref autoref
  cref Cref pageref nameref label color textcolor colorbox hspace vspace phantom hphantom vphantom includegraphics input include
  bibliography bibliographystyle usepackage selectlanguage foreignlanguage pagestyle thispagestyle hypersetup thanks begin end
  tag index scalebox raisebox rotatebox fontsize rule addtocounter setcounter setlength renewcommand newcommand resizebox`.split(
    /\s+/,
  ),
);
const droppedTwo = new Set(
  "fontsize rule addtocounter setcounter setlength renewcommand newcommand resizebox".split(" "),
);

/** How many of a command's first arguments are not meant for the reader. */
export function droppedArguments(name: string): number {
  return droppedTwo.has(name) ? 2 : dropped.has(name) ? 1 : 0;
}

/** Accents by their command, as the combining mark that goes behind the letter. Text, then mathematics. */
export const accents: Readonly<Record<string, string>> = {
  "'": "\u0301",
  "`": "\u0300",
  "^": "\u0302",
  '"': "\u0308",
  "~": "\u0303",
  "=": "\u0304",
  ".": "\u0307",
  ...{
    u: "\u0306",
    v: "\u030c",
    H: "\u030b",
    c: "\u0327",
    k: "\u0328",
    r: "\u030a",
    d: "\u0323",
    b: "\u0331",
    t: "\u0361",
  },
  ...{ hat: "\u0302", widehat: "\u0302", tilde: "\u0303", widetilde: "\u0303", bar: "\u0304", overline: "\u0304" },
  ...{
    dot: "\u0307",
    ddot: "\u0308",
    vec: "\u20d7",
    check: "\u030c",
    breve: "\u0306",
    acute: "\u0301",
    grave: "\u0300",
  },
  ...{ mathring: "\u030a" },
};

const symbols: ReadonlyMap<string, TexSymbol> = new Map([
  ...pairs(letters, "letter"),
  ...pairs(relations, "relation"),
  ...pairs(operators, "operator"),
  ...functions.split(/\s+/).map((name) => [name, { kind: "function", text: name }] as const),
]);

export function findSymbol(name: string): TexSymbol | undefined {
  return symbols.get(name);
}

/** Whether a bare word in braces (`{sim}`) is one of TeX's symbols; words that look like themselves do not count. */
export function isSymbol(name: string): boolean {
  const symbol = symbols.get(name);
  return symbol !== undefined && symbol.kind !== "function" && symbol.text !== name;
}

function pairs(table: string, kind: SymbolKind): (readonly [string, TexSymbol])[] {
  const words = table.trim().split(/\s+/);
  return words.flatMap((name, i) => (i % 2 === 0 ? [[name, { kind, text: words[i + 1]! }] as const] : []));
}
