/** What the sender meets at its servers, told to whoever keeps the alarms. */
import type { ServerWatch, UnsentCause } from "./sender.ts";

type Trouble = "smtp-auth" | "smtp-tls" | "smtp-down";

/** Both may be called for every mail. */
export interface Alarms {
  raise(kind: Trouble, subject: string, words: string): Promise<void>;
  clear(kind: Trouble, subject: string): Promise<void>;
}

const TROUBLES: Partial<Record<UnsentCause, { kind: Trouble; words: string }>> = {
  auth: { kind: "smtp-auth", words: "refuses our user or password. Correct SMTP_URL" },
  tls: { kind: "smtp-tls", words: "and we do not agree on TLS. Look at its certificate, and at SMTP_URL" },
  connection: { kind: "smtp-down", words: "cannot be reached. Mails are tried again while they are valid" },
};

/** Makes one incident of what every mail complains about, and ends it when mails are taken again. */
export function watchServers(alarms: Alarms): ServerWatch {
  return {
    trouble(server, cause) {
      const trouble = TROUBLES[cause];
      if (trouble) void alarms.raise(trouble.kind, server, `The SMTP server ${server} ${trouble.words}.`);
    },
    fine(server) {
      for (const { kind } of Object.values(TROUBLES)) void alarms.clear(kind, server);
    },
  };
}
