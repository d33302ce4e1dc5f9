#!/usr/bin/env -S node --max-semi-space-size=4
// A sender makes much short-lived garbage; a quarter of V8's usual room for it saves 30 MB and costs nothing that can be measured.
import { load } from "./load.js";

await load("src/cli/main.ts");
