import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/** Names each skipped test with its reason, and closes the run with one line that counts every test. */
export default class ClosingLine implements Reporter {
  private closing = "";

  onInit(): void {
    // Other reporters print their summary in an order of their own; this is the last thing the process does.
    process.once("exit", () => process.stdout.write(this.closing));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === "skipped");
    const passed = tests.filter((test) => test.result().state === "passed").length;
    // A file that does not load, a hook that fails and an error nobody caught have no test of their own, and are failures.
    const broken = modules.reduce((sum, module) => sum + errorsOutsideTests(module), unhandled.length);
    const failed = tests.length - passed - skipped.length + broken;

    const names = skipped.map((test) => `skipped: ${test.fullName} (${reasonOf(test)})\n`);
    this.closing = `\n${names.join("")}${passed} passed, ${failed} failed, ${skipped.length} skipped\n`;
  }
}

function errorsOutsideTests(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].reduce((sum, each) => sum + each.errors().length, 0);
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === "skipped" && result.note) return result.note;
  return test.options.mode === "todo" ? "not written yet" : "left out of this run";
}
