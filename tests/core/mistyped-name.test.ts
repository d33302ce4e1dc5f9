import { expect, test } from "vitest";
import { isMistyped } from "../../src/core/mistyped-name.ts";

test.each([
  ["DATABSE_URL", "DATABASE_URL", true],
  ["DATABASE_URI", "DATABASE_URL", true],
  ["DATABASE_ULR", "DATABASE_URL", true],
  ["DATABASEURL", "DATABASE_URL", true],
  ["DTABASE_URLS", "DATABASE_URL", true],
  ["SMPT_URL", "SMTP_URL", true],
  ["SMTP_URI", "SMTP_URL", true],
  ["SECRET_KEY", "SECRET_KEYS", true],
  ["SMTP_URL", "SMTP_URL", false],
  ["SMTP_HOST", "SMTP_URL", false],
  ["HTTP_URL", "SMTP_URL", false],
  ["SORT", "PORT", false],
  ["POSTGRES_URL", "DATABASE_URL", false],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS", false],
])("%s for %s: %s", (written, meant, is) => {
  expect(isMistyped(written, meant)).toBe(is);
});
