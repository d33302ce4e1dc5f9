import { expect } from "vitest";
import { readConfig } from "../../src/config.ts";
import { Invalid } from "../../src/errors.ts";

export type Env = Record<string, string>;

/** What the start says about these settings: nothing when it goes well. */
export function complaints(env: Env): { field: string; message: string }[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid);
    return [...(error as Invalid).problems];
  }
}
