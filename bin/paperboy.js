#!/usr/bin/env -S node --max-semi-space-size=8
// A sender makes much short-lived garbage; half of V8's usual room for it saves 15 MB and costs nothing that can be measured.
import { register } from "tsx/esm/api";

register();
await import("../src/cli/main.ts");
