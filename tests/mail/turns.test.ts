import { expect, test } from "vitest";
import { openTurns } from "../../src/mail/turns.ts";

test("who asks often waits for who asks rarely", async () => {
  const turns = openTurns(2);
  const served: string[] = [];
  const done = new Map<string, () => void>();
  for (const name of ["a1", "a2", "a3", "a4", "b1", "c1"])
    void turns.take(name[0]!).then((end) => {
      served.push(name);
      done.set(name, end);
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    done.get(name)!();
    await settled();
  };
  await settled();
  expect(served).toEqual(["a1", "a2"]);
  await end("a1");
  await end("a2");
  // Not a3 and a4, though they asked before: one `a` is served at a time while others wait.
  expect(served).toEqual(["a1", "a2", "b1", "a3"]);
  await end("b1");
  await end("b1"); // a turn is given back once
  expect(served).toEqual(["a1", "a2", "b1", "a3", "c1"]);
  await end("a3");
  expect(served).toEqual(["a1", "a2", "b1", "a3", "c1", "a4"]);
});
