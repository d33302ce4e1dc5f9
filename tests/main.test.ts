import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { aWebProcess } from "./support/web-process.ts";

test("a port that is taken stops the start: no worker goes on behind a closed door", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  await expect(aWebProcess({ PORT: String(port) })).rejects.toThrow("EADDRINUSE");
});
