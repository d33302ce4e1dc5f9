// node bin/run.js FILE [ARGUMENTS]: runs a TypeScript file of this tree, such as src/main.ts.
import { load } from "./load.js";

const [file] = process.argv.splice(2, 1);
await load(file);
