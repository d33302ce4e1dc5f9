/** A look at Redis as the doctor takes it: asks for `INFO`, which managed services allow as well. */
import { Redis } from "ioredis";

export type RedisFacts =
  | {
      readonly isReached: true;
      readonly version: string;
      /** What it does when memory is full: `noeviction` refuses, all others throw jobs away. */
      readonly maxmemoryPolicy: string;
      /** `aof`: written down as it comes. `snapshots`: from time to time. */
      readonly persistence: "aof" | "snapshots" | "none";
    }
  | { readonly isReached: false; readonly words: string };

export async function examineRedis(url: string, { timeoutMs = 6_000 } = {}): Promise<RedisFacts> {
  const redis = new Redis(url, {
    ...{ lazyConnect: true, connectTimeout: timeoutMs, commandTimeout: timeoutMs, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  });
  let fault: Error | null = null;
  redis.on("error", (error) => {
    fault = error; // says more than the "Connection is closed." of what is awaited
  });
  try {
    await redis.connect();
    const info = fieldsOf(await redis.info());
    const hasSnapshots = Number(info.get("rdb_last_save_time") ?? 0) > 0 && (await savesOf(redis)) !== "";
    return {
      isReached: true,
      version: info.get("valkey_version") ?? info.get("redis_version") ?? "unknown",
      maxmemoryPolicy: info.get("maxmemory_policy") ?? "unknown",
      persistence: info.get("aof_enabled") === "1" ? "aof" : hasSnapshots ? "snapshots" : "none",
    };
  } catch (error) {
    return { isReached: false, words: (fault ?? (error as Error)).message };
  } finally {
    redis.disconnect();
  }
}

/** When it takes snapshots (`3600 1 300 100`); empty for never. A service that does not tell has them as a rule. */
async function savesOf(redis: Redis): Promise<string> {
  try {
    const [, saves = ""] = (await redis.config("GET", "save")) as string[];
    return saves;
  } catch {
    return "unknown";
  }
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gmu)].map(([, name, value]) => [name!, value!]));
}
