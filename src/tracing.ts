/**
 * Traces for an OpenTelemetry collector. Only where a setting names one is anything loaded; elsewhere `traced` runs its work
 * and that is all. No address and no link stands in a span: whatever text one carries is masked like a line of the log.
 */
import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { mask } from "./log.ts";

export interface Tracing {
  /** Hands over what is left. */
  close(): Promise<void>;
}

/** Longer than a collector that answers takes, shorter than what supervisors wait for before they kill. */
const FLUSH_MS = 3_000;

/**
 * Begins to trace. Where to, with which headers and which share of all is in the `OTEL_…` variables, which the libraries
 * read themselves.
 *
 * @param serviceName what it is called among others
 */
export async function startTracing(serviceName: string): Promise<Tracing> {
  const [
    { BatchSpanProcessor, NodeTracerProvider },
    { OTLPTraceExporter },
    { defaultResource, resourceFromAttributes },
  ] = await Promise.all([
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const exporter = new OTLPTraceExporter();
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ "service.name": serviceName })),
    spanProcessors: [
      new BatchSpanProcessor({
        export: (spans, done) => exporter.export(spans.map(masked), done),
        shutdown: () => exporter.shutdown(),
        forceFlush: () => exporter.forceFlush(),
      }),
    ],
  });
  provider.register();
  isTracing = true;
  return {
    async close() {
      isTracing = false;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS);
      });
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

let isTracing = false;

/** Runs `work` in a span of this name, within the one that is open. */
export function traced<T>(name: string, attributes: Attributes, work: (span: Span | null) => Promise<T>): Promise<T> {
  if (!isTracing) return work(null);
  return tracer().startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A request as a span of its own: `end` closes it, `run` does what belongs to it. Null where nothing is traced. */
export function traceRequest(method: string, request: string) {
  if (!isTracing) return null;
  const attributes = { "http.request.method": method, "paperboy.request": request };
  const span = tracer().startSpan(method, { kind: SpanKind.SERVER, attributes });
  return {
    run: (work: () => void) => context.with(trace.setSpan(context.active(), span), work),
    end(route: string, status: number | "aborted") {
      span.updateName(`${method} ${route}`);
      span.setAttribute("http.route", route);
      if (status !== "aborted") span.setAttribute("http.response.status_code", status);
      if (status === "aborted" || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Adds to what a job carries where the trace goes on. */
export function withTrace(carrier: Record<string, string>): Record<string, string> {
  if (isTracing) propagation.inject(context.active(), carrier);
  return carrier;
}

const tracer = () => trace.getTracer("paperboy");

type ReadableSpan = Parameters<
  InstanceType<typeof import("@opentelemetry/sdk-trace-node").ConsoleSpanExporter>["export"]
>[0][number];

/** The same span, every text of it masked: the libraries' own words as well as ours. */
function masked(span: ReadableSpan): ReadableSpan {
  const { message } = span.status;
  return Object.create(span, {
    name: { value: mask(span.name) },
    attributes: { value: maskedAttributes(span.attributes) },
    events: {
      value: span.events.map((event) => ({
        ...event,
        name: mask(event.name),
        ...(event.attributes && { attributes: maskedAttributes(event.attributes) }),
      })),
    },
    status: { value: { ...span.status, ...(message !== undefined && { message: mask(message) }) } },
  }) as ReadableSpan;
}

function maskedAttributes(attributes: Attributes): Attributes {
  const maskedOne = <T>(value: T) => (typeof value === "string" ? mask(value) : value);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(maskedOne) : maskedOne(value),
    ]),
  ) as Attributes;
}
