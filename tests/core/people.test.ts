import { expect, test } from "vitest";
import { isSamePerson, keysOfName, parseName } from "../../src/core/people.ts";

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
  ["E, W.", "Weinan E"],
  ["Laurens Van Der Maaten", "Laurens van der Maaten"],
  ["L. van der Maaten", "Laurens van der Maaten"],
  ["Laurens Vandermaaten", "Laurens van der Maaten"],
  ["Jose de la Torre", "José de la Torre"],
  ["de la Torre, José M.", "José de la Torre"],
  ["Yann Le Cun", "Yann A. LeCun"],
  ["Angelica Aviles Rivero", "Angelica I. Aviles-Rivero"],
  ["Angelica I. Aviles-Rivero", "Angelica Aviles Rivero"],
  ["Aviles-Rivero, A.", "Angelica I. Aviles-Rivero"],
  ["Martino Rios Garcia", "Martiño Ríos-García"],
  ["Klaus-Robert Mueller", "Klaus-Robert Müller"],
  ["Klaus Robert Müller", "Klaus-Robert Mueller"],
  ["Bernhard Schoelkopf", "Bernhard Schölkopf"],
  ["Matthias Niessner", "Matthias Nießner"],
  ["Xiao Ming Li", "Xiaoming Q. Li"],
  ["Xiaoming Q. Li", "Xiao-Ming Li"],
  ["J-B Alayrac", "Jean-Baptiste Alayrac"],
  ["Y.-C. Lin", "Yi-Cheng Lin"],
  ["Y. C. Lin", "Yi-Cheng Lin"],
  ["Y. Lin", "Yi‑Cheng Lin"],
  ["Michael Alvarez", "R. Michael Alvarez"],
  ["R. Michael Alvarez", "Michael Alvarez"],
  ["R. Michael Alvarez", "R. M. Alvarez"],
  ["Anoop Krishnan", "N. M. Anoop Krishnan"],
  ["Prof. Dr. Antonio Laverghetta", "Antonio Laverghetta Jr."],
  ["Laverghetta Jr., Antonio", "Antonio Laverghetta"],
  ["Md Hasan", "Md. Hasan"],
  ["Douglas O Flaherty", "Douglas K. O'Flaherty"],
  ["李明", "李 明"],
  ["Yi Fan Zhang", "Yi-Fan Zhang"],
  ["Yu Tong Ling", "Yu Tong Tiffany Ling"],
  ["Juan Torre", "Juan de la Torre"],
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
  ["Wei Chen", "Chen Wei"],
  ["Yi Fan Zhang", "Yi Zhang"],
  ["Yi Zhang", "Yi Fan Zhang"],
  ["Xiao Li", "Xiao-Ming Li"],
  ["Jean Alayrac", "Jean-Baptiste Alayrac"],
  ["Angelica Rivero", "Angelica I. Aviles-Rivero"],
  ["Angelica Aviles", "Angelica I. Aviles-Rivero"],
  ["Y.-H. Lin", "Yi-Cheng Lin"],
  ["J.-P. Alayrac", "Jean-Baptiste Alayrac"],
  ["R. Michael Alvarez", "S. Michael Alvarez"],
  ["R. Michael Alvarez", "Robert Alvarez"],
  ["Robert Alvarez", "R. Michael Alvarez"],
  ["Rianne van den Berg", "Rianne van der Berg"],
  ["Md Hasan", "Abul Hasan"],
  ["Hans Muler", "Hans Müller"],
  ["van der Maaten", "Laurens van der Maaten"],
  ["", ""],
];

test.each(DIFFERENT)("%s is not %s", (asked, author) => {
  expect(isSamePerson(parseName(asked), parseName(author))).toBe(false);
});

test("two names of one person share a key", () => {
  for (const [asked, author] of SAME) {
    const keys = keysOfName(parseName(author));
    expect({ asked, shared: keysOfName(parseName(asked)).some((key) => keys.includes(key)) }).toEqual({
      asked,
      shared: true,
    });
  }
});
