import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/** Names each skipped test with its reason, and closes the run with one line that counts every test. */
export default class ClosingLine implements Reporter {
  private names = "";
  private passed = 0;
  private failed = 0;
  private skipped = 0;

  onInit(): void {
    // Other reporters print their summary in an order of their own; this is the last thing the process does.
    process.once("exit", (code) => {
      // A set-up that fails ends the run before there is a test to count.
      const failed = this.failed || (code === 0 ? 0 : 1);
      process.stdout.write(`\n${this.names}${this.passed} passed, ${failed} failed, ${this.skipped} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === "skipped");
    this.names = skipped.map((test) => `skipped: ${test.fullName} (${reasonOf(test)})\n`).join("");
    // Said once more at the very end, where a log that was cut still has it.
    this.names += unhandled.map(({ stack, message }) => `nobody caught: ${stack ?? message}\n`).join("");
    this.skipped = skipped.length;
    this.passed = tests.filter((test) => test.result().state === "passed").length;
    // A file that does not load, a hook that fails and an error nobody caught have no test of their own, and are failures.
    const broken = modules.reduce((sum, module) => sum + errorsOutsideTests(module), unhandled.length);
    this.failed = tests.length - this.passed - this.skipped + broken;
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
