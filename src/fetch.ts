/** The one way out to the web. */
import { promises as dns, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { Agent, type Dispatcher, request } from "undici";
import { Permanent, Temporary } from "./errors.ts";
import { openPacer, type Pace, pause } from "./pace.ts";
import { isPublicAddress, privateAddress, publicLookup } from "./public-address.ts";

export interface Fetch {
  /**
   * Asks until there is an answer with status 2xx.
   *
   * Redirects are followed, at most five, each judged like a first address; https never leads to http, and a site beyond
   * the allowed origins never leads back to one of them. 408, 425, 429, 5xx and a failing network are tried three times in
   * all, with a pause that grows or that `Retry-After` names.
   *
   * @param url http or https; other than an allowed origin it must lead to a public address, at the scheme's own port
   * @throws {Temporary} when it may work later; with `retryAfterMs` when the server named a time too long to wait here
   * @throws {Permanent} for an address we do not go to, a 4xx, an answer that is too large or in an unknown encoding
   * @throws the reason of `signal` when it is aborted
   */
  get(url: string, options?: GetOptions): Promise<Fetched>;
  /**
   * Like `get`, for a question in JSON that no address can hold. It is asked again after a failure, so it must change
   * nothing over there; a redirect is a fault.
   */
  post(url: string, question: unknown, options?: GetOptions): Promise<Fetched>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

interface GetOptions {
  readonly accept?: string;
  /** Further request headers; not sent on when a redirect leads to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses beyond 2xx that are an answer too, without its body: `[304]`. */
  readonly statuses?: readonly number[];
  /** Size of the body once it is unpacked. */
  readonly maxBytes?: number;
  /** For one request, from connecting to the last byte; waiting for a turn does not count. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Question = GetOptions & { readonly posted?: string };

export interface Fetched {
  readonly status: number;
  /** By lower-case name; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

export interface FetchOptions {
  /** Who asks, with a way to reach them: arXiv and Hugging Face block what does not say. */
  readonly userAgent: string;
  /** Origins that the settings name (`http://127.0.0.1:4000`): these may lead to private addresses. */
  readonly allow?: readonly string[];
  readonly pace?: readonly Pace[];
  /** The pause before the second try; the third waits three times as long. */
  readonly backOffMs?: number;
  /** A `Retry-After` beyond this is left to the caller. */
  readonly longestWaitMs?: number;
  readonly resolve?: (hostname: string) => Promise<readonly LookupAddress[]>;
  /** What carries requests to public addresses, instead of connections that go nowhere else; its owner closes it. */
  readonly outside?: Dispatcher;
  readonly now?: () => number;
}

// One request every three seconds on one connection over all of arXiv: info.arxiv.org/help/api/tou.html.
const ARXIV_PACE: Pace = { host: "arxiv.org", everyMs: 3_000 };
const TRIES = 3;
const MAX_REDIRECTS = 5;
const MAX_BYTES = 20_000_000;
const TIMEOUT_MS = 30_000;
const DAY_MS = 86_400_000;

export function openFetch(settings: FetchOptions): Fetch {
  const { pace = [ARXIV_PACE], backOffMs = 1_000, longestWaitMs = 30_000, now = Date.now } = settings;
  const resolve = settings.resolve ?? ((hostname) => dns.lookup(hostname, { all: true }));
  const allowed = new Set(settings.allow?.map((address) => new URL(address).origin));
  const pacer = openPacer(pace);
  // Two agents, so that a connection opened for an allowed origin is never used for another.
  const open = new Agent();
  const guarded = settings.outside ?? new Agent({ connect: { lookup: publicLookup(resolve) } });

  return {
    get: (url, options = {}) => askPatiently(url, options),
    post: (url, question, options = {}) => askPatiently(url, { ...options, posted: JSON.stringify(question) }),
    close,
  };

  async function askPatiently(address: string, options: Question): Promise<Fetched> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await follow(parse(address), options);
      } catch (fault) {
        if (!(fault instanceof Temporary) || tries === TRIES) throw fault;
        const waitMs = fault.retryAfterMs ?? backOffMs * 3 ** (tries - 1);
        if (waitMs > longestWaitMs) throw fault;
        await pause(waitMs, options.signal);
      }
    }
  }

  async function follow(start: URL, options: Question): Promise<Fetched> {
    let url = start;
    let isAllowed = allowed.has(url.origin);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const { headers, ...others } = options;
      const answer = await ask(url, isAllowed, url.origin === start.origin ? options : others);
      if (options.statuses?.includes(answer.status)) return answer;
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || location === undefined || options.posted !== undefined)
        return judged(answer, url);
      url = redirected(location, url);
      // The operator sends us to these origins; whoever stands outside must not.
      isAllowed &&= allowed.has(url.origin);
    }
    throw new Permanent(`${where(start)} redirects more than ${MAX_REDIRECTS} times. Use the address it ends at.`);
  }

  async function ask(url: URL, isAllowed: boolean, options: Question): Promise<Fetched> {
    if (!isAllowed) refuseUnlessPublic(url);
    const { signal, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, posted } = options;
    const release = await pacer.turn(url.hostname, signal);
    const stop = new AbortController();
    const abort = () => stop.abort();
    // Not AbortSignal.timeout and AbortSignal.any: Node 20 may collect these before they fire (nodejs/node#57736).
    const timer = setTimeout(abort, timeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      const { statusCode, headers, body } = await request(url, {
        dispatcher: isAllowed ? open : guarded,
        ...(posted !== undefined && { method: "POST", body: posted }),
        signal: stop.signal,
        headers: {
          "user-agent": settings.userAgent,
          accept: options.accept ?? "*/*",
          "accept-encoding": "gzip, br",
          ...(posted !== undefined && { "content-type": "application/json" }),
          ...options.headers,
        },
        // A paced site gets one connection at a time: the one to its API ends before the one to its feed begins.
        reset: pacer.paces(url.hostname),
      });
      const received = { status: statusCode, headers: firstOfEach(headers), url: url.href };
      if (statusCode >= 300) return { ...received, body: Buffer.alloc(0) };
      return { ...received, body: await readAll(body, received, maxBytes) };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (stop.signal.aborted) {
        throw new Temporary(`${where(url)} did not answer in full within ${timeoutMs / 1000} s. Try again later.`);
      }
      throw asFault(error, url);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      stop.abort(); // whatever of the answer was not read
      release();
    }
  }

  function judged(answer: Fetched, url: URL): Fetched {
    const { status, headers } = answer;
    if (status < 300) return answer;
    if (status !== 408 && status !== 425 && status !== 429 && status < 500) {
      throw new Permanent(`${where(url)} answered ${status}. Check the address.`);
    }
    const retryAfterMs = waitNamedBy(headers["retry-after"], now());
    throw new Temporary(
      `${where(url)} answered ${status}. Try again later.`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
  }

  async function close(): Promise<void> {
    await Promise.all([open.destroy(), settings.outside ?? guarded.destroy()]);
  }
}

/** A host that is an IP address is connected to without a look-up, so it is judged here. */
function refuseUnlessPublic(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw privateAddress(where(url));
  // At other ports something else than a web site may listen, and take our request for its own protocol.
  if (url.port !== "")
    throw new Permanent(`${where(url)} has a port of its own. Only an address that a setting names may.`);
}

function parse(address: string): URL {
  if (!URL.canParse(address)) throw new Permanent("Not an address of a web page. Write https://host/path.");
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Permanent(`${url.protocol} is not fetched. Write an http or https address.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new Permanent(`The address at ${url.host} carries a user name or password. Leave it out.`);
  }
  return url;
}

function redirected(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) {
    throw new Permanent(`${where(from)} redirects to something that is no address.`);
  }
  const to = new URL(location, from);
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new Permanent(`${where(from)} redirects from https to http. Use another address.`);
  }
  return parse(to.href);
}

async function readAll(body: Readable, { headers, url }: Omit<Fetched, "body">, maxBytes: number): Promise<Buffer> {
  const encodings = (headers["content-encoding"] ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== "" && name !== "identity");
  let stream = body;
  for (const encoding of encodings.reverse()) {
    const unpack =
      encoding === "gzip" || encoding === "x-gzip"
        ? createGunzip()
        : encoding === "br"
          ? createBrotliDecompress()
          : null;
    if (unpack === null) throw new Permanent(`${where(new URL(url))} answers in an encoding that was not asked for.`);
    stream.on("error", (error) => unpack.destroy(error));
    stream = stream.pipe(unpack);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) throw new Permanent(`${where(new URL(url))} answers with more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function firstOfEach(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const first = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]);
  return Object.fromEntries(first.filter(([, value]) => value !== undefined));
}

/** @returns milliseconds, at most a day; undefined when the header is absent or neither seconds nor a date (RFC 9110 10.2.3) */
function waitNamedBy(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  // Date.parse alone would read "-5" as a month.
  const ms = /^\d+$/.test(header)
    ? Number(header) * 1_000
    : /^[A-Z][a-z]+, /.test(header)
      ? Date.parse(header) - now
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), DAY_MS);
}

function asFault(error: unknown, url: URL): Permanent | Temporary {
  if (error instanceof Permanent) return error;
  const { code = "unknown error" } = error as { code?: string };
  const message = `Cannot read ${where(url)} (${code}).`;
  return /CERT|SIGNED|ERR_TLS|UNABLE_TO/.test(code)
    ? new Permanent(`${message} Its certificate is not one we trust.`, { cause: error })
    : new Temporary(`${message} Try again later.`, { cause: error });
}

/** How an address appears in messages: without its query, which may hold a token. */
function where(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
