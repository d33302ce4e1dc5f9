/**
 * What mail systems write when they refuse a mail, and what it means. Collected from what the makes are known to say, in the
 * languages their notices come in. Order matters: the first row that matches speaks, and whatever speaks for the reader
 * stands before what condemns the address.
 */

export type Finding =
  /** It will pass: full, busy, slow, or the reader's filter. */
  | "passing"
  /** The mailbox is there and shut; whether for good is left to the code. */
  | "shut"
  /** It is about us: our content, our server, our right to send. */
  | "ours"
  | "no-domain"
  | "no-user"
  /** Not to be had, without saying that there is no such user. */
  | "gone";

/** What a text says of the mailbox; null when it says nothing we know. */
export function findingOf(text: string): Finding | null {
  const plain = text.replace(/[\u2018\u2019\u00B4`]/g, "'").replace(/\s+/g, " ");
  const finding = WORDINGS.find(([, says]) => says.test(plain))?.[0] ?? null;
  return finding === "no-user" && SAID_OF_FILTERED.test(plain) ? "passing" : finding;
}

/**
 * "Unknown user" that need not be one. Mailboxes are known at RCPT; a server that takes the recipient and says so after the
 * whole message was filtering. Japan's mobile carriers answer so for whatever their customer's own filter refuses.
 */
const SAID_OF_FILTERED =
  /\bend of (?:data|message)\b|\b(?:reply to|after|after sending) (?:the )?data\b|\bfinal data\b|>>> \.(?= )|\b(?:docomo|ezweb|softbank|vodafone|disney|willcom-inc|ymobile1?|uqmobile)\.(?:ne\.)?jp\b|@au\.com\b/i;

const SOMEONE =
  "(?:users?|usernames?|recipients?|mailbox(?:es)?|mail box|accounts?|addres(?:s|see|ses)|e-?mails?|persons?|alias|login)";
const NOT_THERE =
  "(?:unknown|not (?:been )?(?:known|found|recogni[sz]ed|registered|listed|present|valid|a valid)|non-?existent|invalid|(?:does|do|did)(?: not|n't) (?:\\w+ )?exist|no longer exists?|(?:could|can|was|were)(?: not|n't|not) (?:be )?found|isn't (?:known|valid|found))";

const WORDINGS: readonly (readonly [Finding, RegExp])[] = [
  // Full.
  [
    "passing",
    /\b(?:mail ?(?:box|folder|drop)|inbox|account|storage|disk|user|recipient|quota)\b[^.;]{0,60}\bfull\b|\bfull mailbox\b/i,
  ],
  [
    "passing",
    /over[ -]?quota|quota[ -]?(?:exceeded|violation|full|limit)|exceed\w*[^.;]{0,40}(?:quota|storage|allocation|size|limit)|quotaexceeded|out of (?:storage|disk|space)/i,
  ],
  [
    "passing",
    /(?:insufficient|not enough|no|low)(?: \w+)? (?:storage|space)\b|no space left|(?:couldn't|can't|cannot|could not) create\b|can't create output/i,
  ],
  [
    "passing",
    /(?:message|mail|size)[^.;]{0,40}(?:too (?:large|big)|exceeds)|exceeds[^.;]{0,30}(?:size|limit)|size limit/i,
  ],
  [
    "passing",
    /\bvoll\b|überfüllt|speicherplatz|kontingent|boîte[^.;]{0,40}pleine|espace (?:insuffisant|disque)|buz[oó]n[^.;]{0,40}llen[oa]|cuota|caixa[^.;]{0,40}cheia|cota (?:excedida|de)|casella[^.;]{0,40}piena|postbus[^.;]{0,30}vol\b|przepełnion|pełna|переполнен|превышен\S* (?:квот|лимит|размер)|квот/iu,
  ],
  [
    "passing",
    /一杯|いっぱい|満杯|容量(?:を|が|オーバー|超過)|已满|已滿|空间不足|空間不足|超出(?:容量|限额|配额)|가득|용량/u,
  ],
  // Shut.
  [
    "passing",
    /temporar\w* (?:\w+ ){0,2}(?:disabled|suspended|locked|inactive|unavailable|blocked)|(?:disabled|suspended|locked|unavailable|blocked) temporar/i,
  ],
  [
    "shut",
    /(?:mail ?box|account|user|recipient|address)[^;]{0,60}(?:disabled|suspended|frozen|inactive|deactivated|dormant|locked|not active|on hold|expired)|(?:disabled|suspended|frozen|inactive|deactivated|expired) (?:user|account|mail ?box|recipient)/i,
  ],
  // Yahoo says so after DATA, of lapsed accounts too: they are back with the next login.
  ["shut", /user doesn't have an? \S+ account|account (?:has been )?(?:disabled or discontinued)/i],
  [
    "shut",
    /(?:konto|postfach)[^.;]{0,40}(?:gesperrt|deaktiviert)|compte[^.;]{0,40}(?:désactivé|suspendu|bloqué)|cuenta[^.;]{0,40}(?:desactivada|suspendida|bloqueada|inhabilitada)|(?:ящик|аккаунт)[^.;]{0,40}(?:заблокирован|отключ|заморож)|停用|冻结|凍結|禁用|冻結/iu,
  ],
  // The reader's own choice.
  [
    "passing",
    /(?:recipient|user|member)(?:'s)? (?:\w+ )?preferences|refused by (?:the )?(?:recipient|user)|recipient (?:has )?(?:refused|rejected|declined)|only accepts? (?:mail|messages) from|not accepting (?:mail|messages) from/i,
  ],
  // Ours: the sender, the right to send.
  [
    "ours",
    /\bsender(?:'s)?(?: (?:e-?mail|mail|ip|host|address|domain|server|name|policy))* (?:(?:is|was|has been|does|do|could|can|must|be) ?)?(?:not |n't |un)?(?:reject|den(?:y|ied)|verif|exist|unknown|found|invalid|block|refus|allow|accept|authori|permit|match|callout|resolve)|(?:reject|block|refus|den)\w* (?:the |your )?sender|from address|envelope[- ]sender[^.;]{0,40}(?:not|reject|invalid)|unverified sender/i,
  ],
  [
    "ours",
    /relay(?:ing)? (?:access )?(?:is |was |not )?(?:denied|permitted|prohibited|allowed|disallowed|refused)|(?:unable|not allowed|not permitted) to relay|we do(?: not|n't) relay|open relay|authenticat(?:e|ion)[^.;]{0,40}(?:required|fail|not)|unauthenticated|not authori[sz]ed|unauthori[sz]ed|not (?:have )?permi(?:ssion|tted)|permission to (?:send|post)|prohibited|投稿する権限|keine berechtigung|没有权限/iu,
  ],
  [
    "ours",
    /(?<![\w.@-])(?:anti-?)?spam(?:my|mer|s)?(?![\w@-]|\.\w)|spam-?(?:like|score|content|filter|policy|message)|spamhaus|spamcop|barracuda(?:central|networks)|abuseat|\bsorbs\b|uceprotect|black-?\s?list|block-?\s?list|deny-?list|\b(?:dnsb|rb|sb|xb|pb|cb)l\b|reputation|unsolicited|\bbulk\b|junk mail|malware|\bvirus|phish|スパム|迷惑メール|垃圾邮件|垃圾郵件|спам/iu,
  ],
  [
    "ours",
    /(?<![\w.-])(?:spf|dkim|dmarc)(?![\w-]|\.\w)|reverse dns|\brdns\b|\bptr\b|\bhelo\b|\behlo\b|starttls|tls (?:is )?required|banned|blocked|(?:client|sending) (?:host|ip)[^.;]{0,40}(?:reject|den|block|refus)|your (?:ip|host|server|domain|mail server)\b[^.;]{0,60}(?:reject|den|block|refus|list|not)/i,
  ],
  [
    "ours",
    /\bpolic(?:y|ies)\b|content (?:reject|den|filter|block|refus|not)|(?:reject|refus|block|den)\w* (?:due to|because of|by|for) (?:\w+ )?(?:content|policy|filter|security)|administrative(?:ly)? (?:prohibit|den|reject)|message (?:content )?(?:was )?(?:rejected|refused)|(?:illegal|forbidden|prohibited|blocked|unsafe) attachment|attachments? (?:type|extension|name|not|blocked)|richtlinie|stratégie|política|политик|策略/iu,
  ],
  // So Exchange Online's edge blocking (learn.microsoft.com, NDR 5.4.1) and Cisco's gateways say that they lack a recipient.
  ["gone", /5\.4\.1\b.{0,20}recipient address rejected: access denied|5\.1\.0 address rejected/i],
  [
    "ours",
    /access (?:is )?denied|syntax error|not (?:rfc ?\d* )?compliant|bare lf|line too long|malformed|missing [\w-]+ header|duplicate header|8bit|smtputf8/i,
  ],
  // Slow, busy, tried for too long.
  [
    "passing",
    /gr[ae]y-?list|temporar|time[ds]?[ -]?out|connection (?:was )?(?:refused|reset|lost|dropped|closed|failed)|lost connection|(?:un|not )reachable|no route to host|could not connect|unable to connect|wasn't able to establish|didn't respond|not respond|no answer|accept (?:our )?(?:requests to )?connect/i,
  ],
  [
    "passing",
    /\bexpired\b|retry (?:time|limit|count)|too (?:many|much|busy|fast|frequent)|rate[ -]?(?:limit|exceed)|limit exceeded|frequency|throttl|overload|\bbusy\b|(?:try|tried|trying)(?: it)?(?: again)? later|at a later time|at a rate|still undelivered|delivery time|maximum (?:time|age)|resources|too old|in the queue|been in the queue/i,
  ],
  [
    "passing",
    /\bloops?\b|hop count|deferred|zeitüberschreitung|vorübergehend|später|temporaire|délai|temporalmente|tiempo de espera|временн|期限切れ|一時的|タイムアウト|超时|超時|稍后|暂时|稍後|일시적/iu,
  ],
  // No such domain.
  [
    "no-domain",
    /unknown (?:host|domain)|(?:host|hostname|domain|domain name|host name)(?: \S+| or domain name)? (?:is )?(?:unknown|not found|not exist|does(?: not|n't) exist|could(?: not|n't) be found|couldn't be found|not resolve|invalid|not valid)|no such (?:host|domain)|nx-?domain|name service error|name or service not known|(?:couldn't|could not|can't|cannot) (?:find any host|resolve|look ?up)|unable to (?:look ?up|resolve)|dns (?:hard )?error|no mx\b|no mail (?:exchanger|server)s? (?:for|found)|illegal host|unrout(?:e)?able (?:address|mail domain)|bad destination (?:host|system)|domain isn't in my list/i,
  ],
  [
    "no-domain",
    /domain(?:e)? [^.;]{0,40}(?:nicht gefunden|existiert nicht|inconnu|introuvable|n'existe pas)|dominio[^.;]{0,40}(?:no existe|no encontrado|non esiste)|домен\S*[^.;]{0,40}(?:не существует|не найден)|(?:ドメイン|域名|网域)[^。;]{0,20}(?:存在しません|存在しない|見つかりません|不存在|找不到)/iu,
  ],
  // No such user.
  [
    "no-user",
    new RegExp(
      `unknown (?:or (?:illegal|invalid) )?(?:local |virtual |e-?mail |mail )?(?:alias|local-part|${SOMEONE})\\b`,
      "i",
    ),
  ],
  ["no-user", new RegExp(`\\b${SOMEONE}\\b[^;]{0,90}?\\b${NOT_THERE}\\b`, "i")],
  [
    "no-user",
    new RegExp(
      `\\bno (?:such|valid|matching|known) (?:local |e-?mail |virtual )?(?:one|person|customer|name|${SOMEONE})\\b|\\b(?:invalid|nonexistent|non-existent|bad|wrong|illegal) (?:destination |local |final )?${SOMEONE}\\b`,
      "i",
    ),
  ],
  [
    "no-user",
    /no (?:mailbox|account|user|one) (?:here|by that|with that|of that|under that)|n(?:o|ot an?) (?:valid|known|active|local|registered|existing) (?:\w+ )?(?:user|mailbox|recipient|address|account|person)|not (?:a|our) (?:customer|user)|nosuchuser|recip(?:ient)?notfound|adr\.recip\w*notfound|not (?:in|listed in) (?:\w+ ){0,3}(?:name (?:&|and) address book|directory|address book|database)|not our customer|never heard of|there is no (?:one|user|account|mailbox)|name is not recogni[sz]ed|mailbox name not allowed/i,
  ],
  [
    "no-user",
    /(?:benutzer|empfänger|adresse|postfach|konto|adressat)\S*[^.;]{0,60}(?:unbekannt|nicht gefunden|existiert nicht|nicht vorhanden|nicht bekannt|gibt es nicht|ungültig)|unbekannte\S* (?:benutzer|empfänger|adress)/iu,
  ],
  [
    "no-user",
    /(?:utilisateur|destinataire|adresse|compte|boîte)[^.;]{0,60}(?:inconnue?|introuvable|n'existe (?:pas|plus)|inexistante?|invalide|n'a pas été trouvée?)/iu,
  ],
  [
    "no-user",
    /(?:usuario|destinatario|cuenta|direcci[oó]n|buz[oó]n|usu[aá]rio|destinat[aá]rio|conta|endere[cç]o|caixa|utente|casella|indirizzo)[^.;]{0,60}(?:desconocid[oa]|no existe|no (?:se )?(?:ha )?encontrad[oa]|no (?:se )?encontr[oó]|inexistente|no válid[oa]|desconhecid[oa]|não existe|não (?:foi )?encontrad[oa]|inválid[oa]|sconosciut[oa]|non esiste|non (?:è stat[oa] )?trovat[oa])/iu,
  ],
  [
    "no-user",
    /(?:gebruiker|adres|postbus|ontvanger|geadresseerde)[^.;]{0,50}(?:onbekend|bestaat niet|niet gevonden)|onbekende (?:gebruiker|ontvanger)|(?:użytkownik|adres|skrzynka|konto|odbiorca)[^.;]{0,50}(?:nie istnieje|nieznan|nie znaleziono)|(?:användare|mottagare|bruger|modtager|bruker|mottaker)\S*[^.;]{0,50}(?:okänd|ukendt|ukjent|finns inte|findes ikke|finnes ikke)|(?:uživatel|příjemce|schránka)[^.;]{0,50}(?:neexistuje|neznám|nenalezen)/iu,
  ],
  [
    "no-user",
    /(?:пользовател|получател|адрес|ящик|аккаунт|абонент)\S*[^.;]{0,60}(?:не существует|не найден|неизвестен|не зарегистрирован|отсутствует)|нет такого (?:пользователя|адреса|ящика|получателя)|неизвестный (?:пользователь|получатель|адрес)/iu,
  ],
  [
    "no-user",
    /(?:ユーザ|アドレス|宛先|受信者|メールボックス|アカウント|あて先)[^。;]{0,40}(?:存在しません|存在しない|見つかりません|見つかりませんでした|見つからない|不明|登録されていません|ありません)|(?:用户|用戶|收件人|邮箱|郵箱|帐号|账号|帳號|帐户|地址)[^。;]{0,30}(?:不存在|找不到|未找到|不正确|无效|無效)|(?:找不到|未找到|查无|无此|沒有此)(?:此)?(?:用户|用戶|收件人|邮箱|账号|帳號|地址)|(?:사용자|수신자|계정|주소)[^.;]{0,30}(?:존재하지 않|찾을 수 없|없는|없습니다)/u,
  ],
  // Gone.
  [
    "gone",
    /mailbox (?:is |was |currently )?(?:unavailable|not available)|no longer (?:at|with|works|employed|valid|in use|active|available|accept\w*)|(?:account|mailbox|address|user)[^.;]{0,30}(?:closed|terminated|deleted|removed|cancel+ed|discontinued)|has moved|does(?: not|n't) (?:like|accept) (?:the )?recipient|null ?mx|doesn't accept mail|does not accept mail/i,
  ],
];
