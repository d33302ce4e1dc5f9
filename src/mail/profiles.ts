/**
 * What mail providers do to mails that pass through them, known by the name of their SMTP server: what they want to be
 * told in headers of their own, and what they write anew, which a signature of ours must leave out.
 *
 * A mail is the same to the byte whichever server takes it (docs/promises.md §6.3), so it carries what all the servers of
 * SMTP_URL ask for. One provider's headers are noise to the others, and name nothing that the envelope does not.
 */
import { signedHeaders } from "./dkim.ts";
import type { Header } from "./headers.ts";

/** What a mail is about, as far as its headers tell a provider. */
export interface Parcel {
  readonly kind: "digest" | "letter";
  /** Of its return address: comes back in the provider's events. */
  readonly token: string;
}

export interface Profile {
  readonly name: "ses" | "postmark" | "sendgrid" | "mailgun";
  readonly hosts: RegExp;
  headersOf(parcel: Parcel): readonly Header[];
  /** Headers it replaces, or adds a second of. */
  readonly rewrites: readonly string[];
  /** Signatures of ours that it takes. */
  readonly mostSignatures: number;
}

const PROFILES: readonly Profile[] = [
  {
    name: "ses",
    // The endpoints of regions, their FIPS twins, and those of a private network.
    hosts: /^(?:[\w.-]+\.)?email-smtp(?:-fips)?\.[a-z\d-]+\.(?:vpce\.)?amazonaws\.com$/,
    // Comes back among the tags of events. Notifications without them name the envelope's sender and the id it answered.
    headersOf: ({ token }) => [["X-SES-MESSAGE-TAGS", `return=${token}`]],
    // docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-manual.html, and …/header-fields.html. It makes a
    // Feedback-ID of its own besides.
    rewrites: ["Message-ID", "Date", "Feedback-ID"],
    // It adds one itself, and refuses a mail that comes with two: 554 Duplicate header 'DKIM-Signature'.
    mostSignatures: 1,
  },
  {
    name: "postmark",
    hosts: /^smtp(?:-broadcasts)?\.postmarkapp\.com$/,
    // postmarkapp.com/developer/user-guide/send-email-with-smtp. A digest without the stream's name would go by the
    // transactional one, which must not carry lists.
    headersOf: ({ kind, token }) => [
      ["X-PM-Message-Stream", kind === "digest" ? "broadcast" : "outbound"],
      ["X-PM-Metadata-return", token],
      ["X-PM-KeepID", "true"],
    ],
    rewrites: [],
    mostSignatures: Number.POSITIVE_INFINITY,
  },
  {
    name: "sendgrid",
    hosts: /^smtp(?:\.eu)?\.sendgrid\.net$/,
    // twilio.com/docs/sendgrid/for-developers/sending-email/building-an-x-smtpapi-header. The spaces let it be folded.
    headersOf: ({ token }) => [["X-SMTPAPI", `{"unique_args": {"return": "${token}"}}`]],
    rewrites: [],
    mostSignatures: Number.POSITIVE_INFINITY,
  },
  {
    name: "mailgun",
    hosts: /^smtp(?:\.eu)?\.mailgun\.org$/,
    // documentation.mailgun.com/docs/mailgun/user-manual/sending-messages: "Attaching Metadata to Messages".
    headersOf: ({ token }) => [["X-Mailgun-Variables", `{"return": "${token}"}`]],
    rewrites: [],
    mostSignatures: Number.POSITIVE_INFINITY,
  },
];

/** The profiles of a list of SMTP servers, each once; empty for servers that pass a mail on as it is. */
export function profilesOf(smtpUrls: readonly string[]): readonly Profile[] {
  const servers = smtpUrls.map((url) => new URL(url));
  return PROFILES.filter(({ name, hosts }) =>
    servers.some(({ hostname, searchParams }) => {
      // By name too: a server that stands in front of the provider's has another host.
      return searchParams.get("provider") === name || hosts.test(hostname.toLowerCase());
    }),
  );
}

/** What a signature may cover that arrives by all of these. */
export function signableHeaders(profiles: readonly Profile[]): readonly string[] {
  const rewritten = new Set(profiles.flatMap(({ rewrites }) => rewrites));
  return signedHeaders.filter((name) => !rewritten.has(name));
}

export function mostSignatures(profiles: readonly Profile[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...profiles.map((profile) => profile.mostSignatures));
}
