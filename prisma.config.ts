import { defineConfig } from "prisma/config";

// The CLI wants to download a native schema engine before it does anything. `generate`, `validate` and `format` never
// start it, and migrations are applied by the WebAssembly engine from npm (src/store/migrate.ts), so any executable will do.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
});
