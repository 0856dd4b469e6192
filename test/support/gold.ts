/** What every gold-standard job has to show (jobs/gold/README.md). */
import { expect } from "vitest";
import { expectCompleteOutputs, verdicts } from "./run-outputs.js";

export function expectGold(output: string): void {
  const report = expectCompleteOutputs(output);
  expect({ verdict: report.verdict.class, error: report.verdict.error }).toEqual({ verdict: "pass" });
  const all = (...names: string[]) => Object.fromEntries(names.map((name) => [name, "pass"]));
  expect(verdicts(report, "0_machine")).toEqual(all("architecture", "processors", "memory", "uptime"));
  expect(verdicts(report, "1_system")).toEqual(all("clock", "write", "loopback", "address", "host"));
}
