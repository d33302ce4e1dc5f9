/** How notices, absence notes and challenges announce themselves, in the languages they come in. All are searched in ≤ 8,000 letters. */

/** Subjects of mails that tell of a failure. */
export const FAILURE_SUBJECT = new RegExp(
  [
    "undeliver|deliver(?:y|ies)\\b.{0,40}(?:fail|error|problem|notification|status|report|impossible|unsuccessful)|(?:fail|error|problem)\\w*\\b.{0,30}deliver|returned (?:e-?mail|mail|message|to sender)|return(?:ing|ed) (?:message )?to sender|failure notice|mail (?:system )?(?:error|failure|rejected)|(?:could|can|was|were) ?n[o']t (?:be )?deliver|not (?:be )?delivered|non-?deliver|message (?:you sent )?(?:blocked|rejected|bounced)|^ndn\\b|^bounced? |rejected (?:mail|message)|mail delivery",
    "unzustellbar|nicht zugestellt|nicht zustellbar|zustell\\S* (?:fehlgeschlagen|nicht)|zustellungsfehler|rückläufer|annahme verweigert",
    "non remis|non distribué|non délivré|échec d(?:e|') ?(?:la )?(?:remise|livraison|envoi|distribution)|avis de non|impossible de (?:remettre|distribuer)|retour à l'expéditeur",
    "no (?:se )?(?:puede|pudo|ha podido|ha sido|fue) (?:ser )?(?:entrega|entregad)|no entregad|entrega (?:ha )?fall|error (?:de|en la) entrega|mensaje devuelto|correo devuelto|não (?:foi )?entregue|não (?:foi possível|pôde ser) entreg|falha (?:na|de) entrega|devolvid",
    "mancat[oa] (?:recapito|consegna)|non recapitabile|impossibile (?:recapitare|consegnare)|onbestelbaar|niet (?:bezorgd|afgeleverd)|niedostarcz|nie (?:można|udało się) dostarczyć|olevererbar|kan inte levereras|kunne ikke leveres|teslim edileme|nedoručiteln|nelze doručit|kézbesít\\S*(?:len| sikertelen)|ei voitu toimittaa",
    "не ?доставлен|недоставк|ошибк\\S* доставк|не удалось доставить|невозможно доставить|возврат\\S* (?:письм|почт|сообщен)|сообщение возвращено",
    "配信不能|配送不能|配達不能|送信できません|配信できません|送信エラー|送信失敗|メールエラー|エラー通知|エラーメール|配信に失敗|配信エラー|未配信|届きません|宛先不明",
    "退信|退回|无法投递|無法投遞|无法送达|未送达|无法传递|無法傳遞|未传递|未傳遞|(?:投递|发送|传递|送达|遞送)失败|전송 실패|반송|배달(?:되지| 못|할 수)|전달되지",
  ].join("|"),
  "iu",
);

/** Sentences of such mails. */
export const FAILURE_TEXT = new RegExp(
  [
    "(?:could|can|would|was|were|has|have|did) ?n(?:ot|'t)(?: been| be)? (?:able to )?deliver|cannot be delivered|not (?:been |be )?delivered|unable to (?:be )?deliver|undeliverable|deliver\\w* (?:to [^\\n]{0,60})?(?:has |have )?(?:failed|was unsuccessful)|failed to (?:be )?(?:deliver|send)|fatal errors?|permanent (?:error|failure)|did not reach|could not be sent|had (?:permanent|delivery|problems)|automatically rejected|returned (?:to sender|undeliver)|was(?: not|n't) able to deliver|error (?:has |was |has been )?(?:occurred |encountered )?(?:while |in |when )?(?:trying to |attempting to )?deliver|non-?deliverable|giving up|message was rejected|rejected your message|mail could not",
    "nicht zugestellt|nicht zustellen|konnte\\S* nicht|unzustellbar|zustellung [^\\n]{0,40}(?:fehlgeschlagen|nicht möglich)|n'a (?:pas )?pu être|n'ont pas pu|pas été (?:remis|distribué|délivré)|échec de la (?:remise|livraison)|impossible de (?:remettre|distribuer|délivrer)",
    "no (?:se )?(?:pudo|puede|ha podido|ha sido posible) (?:ser )?entrega|no se entregó|não (?:pôde|pode|foi|foi possível) (?:ser )?entreg|non (?:è stato possibile|può essere) (?:consegn|recapit)|impossibile (?:recapitare|consegnare)|niet (?:worden )?(?:bezorgd|afgeleverd)|nie (?:można|mogła|udało się|została)[^\\n]{0,30}dostarcz|kunde inte levereras|kunne ikke leveres|teslim edileme|nelze doručit|nemohla být doručena|nem (?:sikerült|lehetett) kézbesíteni",
    "не (?:может быть |было |был |удалось )?доставлен|не удалось доставить|не (?:может|могло) быть доставлен|невозможно доставить",
    "(?:送信|配信|配送|配達|お届け)(?:する(?:こと)?が)?(?:でき(?:ません|なかった)|に失敗)|届けることができません|届きませんでした|无法(?:投递|送达|发送|传递|递送)|無法(?:投遞|送達|傳送|遞送)|未能(?:投递|送达|发送)|(?:投递|发送|传递)失败|被退回|배달(?:하지 못|되지 않|할 수 없)|전송(?:하지 못|에 실패|할 수 없)|전달(?:하지 못|되지 않|할 수 없)",
  ].join("|"),
  "iu",
);

/** Not yet, and still being tried: RFC 3464's `delayed` in words. */
export const DELAY =
  /\bdelay(?:ed)?\b.{0,40}\b(?:deliver|mail|message|status)|(?:deliver\w*|message|mail)\b.{0,60}\bdelayed\b|(?:has|have) not (?:yet|been) (?:yet )?(?:been )?delivered.{0,40}(?:hour|minute|yet)|warning message only|still (?:being )?(?:tried|trying|in the queue)|(?:will|to) (?:continue|keep|be retried)\b.{0,30}(?:try|deliver|attempt|retr)|will (?:be retried|keep trying|try again)|could not send message for past|do not need to resend|noch nicht zugestellt|verzögert|n'a pas encore|retard[ée]|aún no (?:se )?(?:ha|pudo)|retrasad|ainda não foi|не доставлено до сих пор|задерж|遅延|遅れて|延迟|延遲|지연/iu;

/** Answers that programs and people give: they prove that the mailbox lives. */
export const ABSENCE_SUBJECT =
  /out of (?:the )?office|\bauto(?:mat\w*)?[- ]?(?:re(?:ply|sponse|sponder)|antwort|svar)|autom\. antwort|\bvacation\b|\b(?:on|annual|parental|sick) leave\b|on holidays?|\baway\b|no longer (?:with|at|works)|abwesen|réponse automatique|absence|respuesta autom|fuera de (?:la )?oficina|resposta autom|ausência|ausencia|risposta automatica|fuori (?:sede|ufficio)|afwezig|automatisch antwoord|frånvar|autosvar|fravær|poissa|automaattinen vastaus|autoodpowied|odpowiedź automat|nieobecn|автоответ|автоматический ответ|отсутств|в отпуске|自動応答|自動返信|不在|自动(?:回复|答复)|自動(?:回覆|回復)|외출|부재중|자동 (?:회신|응답)/iu;

/** Mails that want a person to prove that they are one. */
export const CHALLENGE =
  /challenge[- ]?response|spam ?arrest|boxbe|bluebottle|\btmda\b|(?:confirm|verify)\b.{0,60}(?:you are (?:a )?(?:human|person)|your (?:e-?mail|message|address|identity))|(?:click|reply)\b.{0,80}\b(?:to|so that) .{0,40}(?:deliver|release|approve|authori[sz]e|confirm)|awaiting (?:your )?(?:confirmation|verification)|approved senders?|(?:bestätigen|confirmez|confirmar|confirme|подтверд)\S*.{0,60}(?:nachricht|message|mensaje|mensagem|письм|сообщен)/iu;

/** Subjects that carry on a conversation. */
export const CARRIED_ON =
  /^\s*(?:re|fwd?|aw|wg|antw|sv|vs|tr|rif|rv|enc|ref|odp|ynt|回复|回覆|转发|轉寄|答复)\s*(?:\[\d+\])?\s*[:：]/iu;

/** Names that mail systems write under. */
export const DAEMON =
  /mailer[-_. ]?daemon|mail[-_. ]?deliver|^post_?master$|^mdaemon|maildaemon|mail (?:delivery )?(?:sub)?system|delivery[- ](?:service|status|agent)|^bounces?$|system administrator|ndr administrator/i;
