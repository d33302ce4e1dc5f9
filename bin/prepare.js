// Runs after every `npm ci`: generates the Prisma client, offline. Without development packages there is no Prisma CLI; a
// tree that was built before has its client already.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const prisma = `${root}node_modules/prisma/build/index.js`;

if (existsSync(prisma)) {
  const { status, stderr } = spawnSync(process.execPath, [prisma, "generate"], { cwd: root, encoding: "utf8" });
  if (status !== 0) {
    process.stderr.write(`The Prisma client could not be generated.\n${stderr}\n`);
    process.exitCode = 1;
  }
} else if (!existsSync(`${root}prisma/client/client.ts`)) {
  process.stderr.write(
    "There is no Prisma client in prisma/client and no Prisma CLI to make one. Run `npm ci` once with development packages.\n",
  );
  process.exitCode = 1;
}
