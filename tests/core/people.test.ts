import { expect, test } from "vitest";
import { isSamePerson, parseName } from "../../src/core/people.ts";

const SAME: readonly [asked: string, author: string][] = [
  ["Yuan Li", "Li, Yuan"],
  ["Li, Yuan", "Yuan Li"],
  ["Yann LeCun", "Yann A. LeCun"],
  ["Yann A. LeCun", "yann lecun"],
  ["Yann André LeCun", "Yann A. LeCun"],
  ["Y. LeCun", "Yann LeCun"],
  ["LeCun, Y.", "Yann LeCun"],
  ["Bernhard Schölkopf", "Bernhard Scholkopf"],
  ["Xiaoming Li", "Xiao-Ming Li"],
  ["Xiao Ming Li", "Xiaoming Li"],
  ["Jean-Baptiste Alayrac", "Jean Baptiste Alayrac"],
  ["J.-B. Alayrac", "Jean-Baptiste Alayrac"],
  ["Laurens van der Maaten", "van der Maaten, Laurens"],
  ["Sean O'Brien", "Sean O’Brien"],
  ["Martin Luther King", "Martin Luther King, Jr."],
  ["Łukasz Kaiser", "Lukasz Kaiser"],
  ["OpenAI", "OpenAI"],
  ["Weinan E", "E, Weinan"],
];

test.each(SAME)("%s is %s", (asked, author) => {
  expect(isSamePerson(parseName(asked), parseName(author))).toBe(true);
});

const DIFFERENT: readonly [asked: string, author: string][] = [
  ["Yuan Li", "Li Yuan"],
  ["Yuan Li", "Y. Li"],
  ["Yuan Li", "Yuanming Li"],
  ["Yann André LeCun", "Yann B. LeCun"],
  ["Li", "Yuan Li"],
  ["Yuan Li", "Yuan Liu"],
  ["Weinan E", "Weinan Eagle"],
  ["", ""],
];

test.each(DIFFERENT)("%s is not %s", (asked, author) => {
  expect(isSamePerson(parseName(asked), parseName(author))).toBe(false);
});
