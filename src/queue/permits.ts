/** Permits to send, counted in Redis for all processes. */
import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { PermitCounter } from "../core/pace.ts";
import type { Log } from "../log.ts";

export type RedisPermits = PermitCounter & { close(): Promise<void> };

/** An answer that takes longer is none: whoever asks for permits waits rather than sends. */
const ANSWERS_WITHIN_MS = 2_000;
/** A slot is a tenth of a second; nobody asks about it a few seconds later. */
const KEPT_SECONDS = 10;

/** Connects by itself, now or when Redis is back: until then `take` fails at once. */
export function openRedisPermits({ url, prefix, log }: { url: string; prefix: string; log: Log }): RedisPermits {
  const redis = new Redis(url, {
    ...{ maxRetriesPerRequest: 0, commandTimeout: ANSWERS_WITHIN_MS, connectTimeout: 5_000 },
    retryStrategy: () => 500,
  });
  redis.on("error", (error) => log.debug({ err: error }, "Redis"));
  const limiter = new RateLimiterRedis({
    ...{ storeClient: redis, keyPrefix: `{${prefix}}:permits`, duration: KEPT_SECONDS },
    points: Number.MAX_SAFE_INTEGER,
  });
  return {
    take: async (key, count) => (await limiter.penalty(key, count)).consumedPoints,
    async clock() {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1000 + Number(microseconds) / 1000;
    },
    async close() {
      redis.disconnect();
    },
  };
}
