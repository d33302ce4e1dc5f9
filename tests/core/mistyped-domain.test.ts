import fc from "fast-check";
import { expect, test } from "vitest";
import { meantDomain } from "../../src/core/mistyped-domain.ts";

test.each([
  ...[
    "gmial.com",
    "gamil.com",
    "gmai.com",
    "gmil.com",
    "gmal.com",
    "gmaill.com",
    "gmsil.com",
    "gnail.com",
    "gmail.con",
    "gmail.co",
  ].map((typed) => [typed, "gmail.com"]),
  ...["gmail.cm", "gmail.om", "gmail.comm", "gmali.com", "gmauil.com", "gmqil.cmo"].map((typed) => [
    typed,
    "gmail.com",
  ]),
  ...["hotmial.com", "hotmal.com", "hotmil.com", "homtail.com", "hotmail.con"].map((typed) => [typed, "hotmail.com"]),
  ...["outlok.com", "outloo.com", "outlokk.com", "outlook.co", "oulook.com"].map((typed) => [typed, "outlook.com"]),
  ...["yaho.com", "yahooo.com", "yhaoo.com", "yahoo.cm"].map((typed) => [typed, "yahoo.com"]),
  ["yaho.co.uk", "yahoo.co.uk"],
  ["hotmial.fr", "hotmail.fr"],
  ["iclod.com", "icloud.com"],
  ["icluod.com", "icloud.com"],
  ["protonmial.com", "protonmail.com"],
  ["university.con", "university.com"],
  ["mail.example.ogr", "mail.example.org"],
])("%s is meant to be %s", (typed, meant) => {
  expect(meantDomain(typed!)).toBe(meant);
});

const REAL =
  `gmail.com googlemail.com mail.com email.com ymail.com gmx.de gmx.net gmx.com web.de me.com mac.com live.com msn.com
  aol.com hotmail.com hotmail.fr hotmail.co.uk outlook.com outlook.fr outlook.de yahoo.com yahoo.de yahoo.co.uk yahoo.co.jp
  icloud.com cloud.com proton.me protonmail.com protonmail.ch pm.me fastmail.com fastmail.fm hey.com zoho.com tutanota.com
  posteo.de mailbox.org t-online.de freenet.de orange.fr free.fr sfr.fr laposte.net libero.it comcast.net cox.net att.net
  yandex.ru yandex.com mail.ru bk.ru qq.com 163.com 126.com naver.com daum.net rediffmail.com grail.com gail.com gail.co.in
  gaia.com gmane.org fmail.com hmail.com tmail.com rmail.com hushmail.com rocketmail.com mailinator.com orange.com orange.es
  yahoo-inc.com google.com outlook.work overlook.com example.org mit.edu stanford.edu ox.ac.uk ethz.ch u-tokyo.ac.jp verizon.com
  comcast.com bell.net shaw.ca rogers.com sina.com sohu.com cam.ac.uk arxiv.org huggingface.co openai.com yandex.kz hotmail.it
  example.co example.cm example.om gmail.example`
    .split(/\s+/)
    .map((domain) => [domain]);

test.each(REAL)("%s is real, or not ours to judge", (domain) => {
  expect(meantDomain(domain!)).toBeNull();
});

test("what is suggested needs no suggestion itself", () => {
  const names = fc.constantFrom(
    "gmail.com",
    "hotmail.fr",
    "yahoo.co.uk",
    "outlook.com",
    "t-online.de",
    "university.con",
  );
  const letters = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz.-"), maxLength: 2 });
  fc.assert(
    fc.property(names, fc.nat(12), fc.nat(2), letters, (name, at, gone, put) => {
      const typed = name.slice(0, at) + put + name.slice(at + gone);
      const meant = meantDomain(typed);
      if (meant !== null) expect([typed, meantDomain(meant), meant === typed]).toEqual([typed, null, false]);
    }),
    { numRuns: 1_000 },
  );
});
