import { expect, test } from "vitest";
import { stemOf, wordsOf } from "../../src/core/words.ts";

/** One way to write a word and another. */
const SAME = `
  atlas atlases, canvas canvases, lens lenses, bus buses, virus viruses, quiz quizzes, gas gases, campus campuses
  analysis analyses, hypothesis hypotheses, axis axes, crisis crises, synthesis syntheses
  index indices, index indexes, vortex vortices, simplex simplices, cortex cortices, helix helices, matrix matrices
  spectrum spectra, optimum optima, minimum minima, automaton automata, bacterium bacteria, corpus corpora
  nucleus nuclei, radius radii, focus foci, schema schemas, schema schemata, antenna antennae
  foot feet, half halves, shelf shelves, echo echoes, potato potatoes, video videos, memory memories
  case cases, phase phases, database databases, noise noises, response responses, cache caches, batch batches
  vlm vlms, gan gans, vae vaes, cnn cnns, vla vlas, bias biases, class classes, queue queues, proxy proxies
  color colour, colors colours, colorization colourisation, behavior behaviour, behaviorism behaviourism
  neighbor neighbour, neighboring neighbouring, neighborhood neighbourhood, tumor tumour, labeling labelling
  modeling modelling, modeler modeller, counselor counsellor, optimize optimise, optimizations optimisations
  generalizability generalisability, analyze analyse, analyzed analysed, catalyze catalyse
  center centre, centered centred, meter metre, theater theatre, fiber fibre, gray grey, grayscale greyscale
  license licence, defense defence, offense offence, artifact artefact, program programme, catalog catalogue
  dialog dialogue, dialog dialogues, analog analogue, judgment judgement, acknowledgment acknowledgement
  skeptical sceptical, favorite favourite, aging ageing
  anemia anaemia, leukemia leukaemia, ischemic ischaemic, pediatric paediatric, orthopedic orthopaedic
  anesthesia anaesthesia, fetal foetal, estrogen oestrogen, edema oedema`;

test.each(pairs(SAME))("%s and %s are one word", (one, other) => {
  expect(stemOf(other)).toBe(stemOf(one));
});

const DIFFERENT = `
  agents agentic, base basis, policy police, news new, universe university, model modal, code codec, reason reasoning
  train training, generalize general, four for, hour horse, tour tor, poet pet, does do, its it, species specie
  aesthetic esthetics, phoenix phenix, poem pem, image imagery, phone phon, past paste`;

test.each(pairs(DIFFERENT))("%s and %s are two words", (one, other) => {
  expect(stemOf(other)).not.toBe(stemOf(one));
});

test("words are read without case and accents, Greek symbols by their names", () => {
  const read = (text: string) => wordsOf(text).map(({ surface }) => surface);
  expect({
    accents: read("Naïve Schrödinger-Łukasiewicz, ﬁne"),
    greek: read("β-VAE, τ-bench, π0, λόγος"),
    signs: read("C++ and C# at pass@k, Q&A, GPT-4.1, don't, models'"),
    cut: read("multi-\nagent"),
    chinese: read("大语言 models"),
  }).toEqual({
    accents: ["naive", "schrodinger", "lukasiewicz", "fine"],
    greek: ["beta", "vae", "tau", "bench", "pi0", "λογοσ"],
    signs: ["c++", "and", "c#", "at", "pass@k", "q&a", "gpt", "4.1", "dont", "models"],
    cut: ["multi", "agent"],
    chinese: ["大", "语", "言", "models"],
  });
});

function pairs(text: string): [string, string][] {
  return text
    .trim()
    .split(/,|\n/)
    .map((pair) => pair.trim().split(" ") as [string, string]);
}
