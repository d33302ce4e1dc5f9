/** Who runs mail for millions: the cap on a domain's mails is for small servers, and these need none. */

/** Domains that anybody can have an address at. For when no resolver answers, and so that most need not be asked about. */
const DOMAINS = new Set(
  [
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com mac.com",
    "proton.me protonmail.com pm.me fastmail.com zoho.com hey.com mail.com gmx.com gmx.net gmx.de web.de t-online.de freenet.de",
    "posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it comcast.net",
    "verizon.net att.net sbcglobal.net btinternet.com sky.com bigpond.com rogers.com shaw.ca yandex.ru yandex.com mail.ru",
    "bk.ru list.ru inbox.ru rambler.ru ukr.net seznam.cz wp.pl o2.pl onet.pl interia.pl qq.com foxmail.com 163.com 126.com",
    "yeah.net sina.com sohu.com aliyun.com 139.com naver.com daum.net hanmail.net docomo.ne.jp ezweb.ne.jp rediffmail.com",
    "uol.com.br bol.com.br terra.com.br",
  ].flatMap((line) => line.split(" ")),
);
/** Country branches, such as yahoo.co.uk. */
const BRANCH = /^(?:yahoo|hotmail|outlook|live|yandex|gmx)\.(?:[a-z]{2}|com?\.[a-z]{2})$/;

/** Ends of the names of their mail exchangers, as MX records have them: they serve companies' own domains too. */
const EXCHANGERS = [
  ".google.com",
  ".googlemail.com",
  ".outlook.com",
  ".yahoodns.net",
  ".icloud.com",
  ".protonmail.ch",
  ".messagingengine.com",
  ".zoho.com",
  ".zoho.eu",
  ".yandex.net",
  ".yandex.ru",
  ".mail.ru",
  ".qq.com",
  ".netease.com",
  ".gmx.net",
  ".web.de",
  ".mimecast.com",
  ".pphosted.com",
];

export function isLargeDomain(domain: string): boolean {
  return DOMAINS.has(domain) || BRANCH.test(domain);
}

/** @param exchangers of a domain, from its MX records */
export function isLargeExchanger(exchangers: readonly string[]): boolean {
  // All of them: a small server that names a large one as its second still gets the mail first.
  const isLarge = (name: string) => EXCHANGERS.some((end) => `.${name.toLowerCase()}`.endsWith(end));
  return exchangers.length > 0 && exchangers.every(isLarge);
}
