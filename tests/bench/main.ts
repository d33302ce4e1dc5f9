/** `npm run bench -- NAME`: each benchmark prints a table, then one JSON line. */
import { readdirSync } from "node:fs";

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts")
  .map((file) => file.slice(0, -".ts".length));
const [name = ""] = process.argv.slice(2);

if (names.includes(name)) await import(`./${name}.ts`);
else {
  console.error(`Usage: npm run bench -- NAME\n\nNAME is one of: ${names.join(", ")}`);
  process.exitCode = 2;
}
