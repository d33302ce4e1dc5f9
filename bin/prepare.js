// Runs after every `npm ci`, offline: generates the Prisma client and compiles the tree. An image holds neither
// schema nor sources, but what was made of them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { build } from "./build.js";
import { COMPILED, ROOT } from "./load.js";

const prisma = `${ROOT}node_modules/prisma/build/index.js`;

if (existsSync(prisma) && existsSync(`${ROOT}prisma/schema.prisma`)) {
  const { status, stderr } = spawnSync(process.execPath, [prisma, "generate"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) {
    process.stderr.write(`The Prisma client could not be generated.\n${stderr}\n`);
    process.exitCode = 1;
  }
} else if (!existsSync(`${ROOT}prisma/client/client.ts`) && !existsSync(`${COMPILED}/prisma/client/client.js`)) {
  process.stderr.write(
    "There is no Prisma client in prisma/client and no Prisma CLI to make one. Run `npm ci` once with development packages.\n",
  );
  process.exitCode = 1;
}
if (!process.exitCode) build();
