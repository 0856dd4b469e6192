import { describe, expect, it } from "vitest";
import { createMachine } from "xstate";
import {
  ConfigurationError,
  ConnectionClosedError,
  InfrastructureError,
  JobError,
  LAVABug,
  TestError,
} from "../../src/base/errors.js";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { pipelineOf } from "./action-nodes.js";
import { runChart } from "./run-chart.js";

const services = (trace: string[]) =>
  trace.filter((line) => line.includes(" run ")).map((line) => line.split(" ").slice(2).join(" "));

describe("the chart of a job", () => {
  it("is plain JSON with states that mirror the levels, and loads in createMachine unchanged", () => {
    const chart = compileChart(
      pipelineOf([{ name: "outer", children: [{ name: "inner", service: "a" }, { name: "leaf" }] }]),
    );
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
    const machine = createMachine(chart as never);
    expect(machine.getStateNodeById("L1-1").path).toEqual(["working", "1_outer", "running", "1-1_inner"]);
  });

  it("runs every action in order, children between run and conclude, then finalize and cleanup", async () => {
    const conclude = { kind: "service" as const, service: "end", with: {} };
    const pipeline = pipelineOf([
      {
        name: "deploy",
        service: "begin",
        conclude,
        children: [
          { name: "x", service: "x" },
          { name: "y", service: "y" },
        ],
      },
    ]);
    const { trace, verdict, status } = await runChart(pipeline, {});
    expect(status).toBe("done");
    expect(verdict).toBeNull();
    expect(trace).toEqual([
      "0 run 1 begin",
      "0 run 1.1 x",
      "0 run 1.2 y",
      "0 conclude 1 end",
      "0 run 2.1 power-off",
      "0 cleanup",
    ]);
  });

  it("does nothing but clean up when the job is invalid: the board was never touched", async () => {
    const pipeline = pipelineOf([{ name: "deploy", service: "x" }]);
    pipeline.problems = [{ severity: "error", message: "no such file" }];
    const { trace, verdict } = await runChart(pipeline, {});
    expect(verdict?.message).toBe("no such file");
    expect(trace).toEqual(["0 cleanup"]);
  });
});

describe("failure", () => {
  it("ends the job with the first error, at its level, and still powers off", async () => {
    const pipeline = pipelineOf([
      {
        name: "boot",
        children: [
          { name: "bad", service: "bad" },
          { name: "never", service: "never" },
        ],
      },
    ]);
    const { trace, verdict, ended } = await runChart(pipeline, { bad: () => new InfrastructureError("no power") });
    expect(verdict).toMatchObject({ class: "InfrastructureError", message: "no power", level: "1.1", action: "bad" });
    expect(services(trace)).toEqual(["1.1 bad", "2.1 power-off"]);
    expect(ended.slice(0, 2)).toEqual(["1.1 failed: no power", "1 failed: no power"]);
  });

  it("of an action that may fail is told and the pipeline goes on", async () => {
    const pipeline = pipelineOf([
      { name: "soft", service: "bad", continueOnFailure: true },
      { name: "next", service: "next" },
    ]);
    const { verdict, further, trace } = await runChart(pipeline, { bad: () => new JobError("never mind") });
    expect(verdict).toBeNull();
    expect(further.map((e) => e.message)).toEqual(["never mind"]);
    expect(services(trace)).toContain("2 next");
  });

  it("of finalize never hides the first error", async () => {
    const { verdict, further } = await runChart(pipelineOf([{ name: "x", service: "x" }]), {
      x: () => new JobError("first"),
      "power-off": () => new InfrastructureError("second"),
    });
    expect(verdict?.message).toBe("first");
    expect(further.map((e) => e.message)).toEqual(["second"]);
  });

  it("is diagnosed before it is passed on; a diagnosis that fails hides nothing", async () => {
    const diagnose = ["look", "broken"].map((service) => ({ kind: "service" as const, service, with: {} }));
    const pipeline = pipelineOf([{ name: "x", service: "x", diagnose }]);
    const { verdict, further, trace } = await runChart(pipeline, {
      x: () => new JobError("first"),
      look: () => ({ extra: { advice: "plug it in" } }),
      broken: () => new LAVABug("diagnosis broke"),
    });
    expect(trace.slice(0, 3)).toEqual(["0 run 1 x", "0 diagnose-0 1 look", "0 diagnose-1 1 broken"]);
    expect(verdict).toMatchObject({ message: "first", advice: "plug it in" });
    expect(further.map((e) => e.message)).toEqual(["diagnosis broke"]);
  });
});

describe("retry", () => {
  const retrying = (extra: object = {}) =>
    pipelineOf([
      {
        name: "again",
        retry: true,
        maxRetries: 3,
        children: [
          { name: "a", service: "a" },
          { name: "b", service: "b" },
        ],
        ...extra,
      },
    ]);

  it("runs the whole sub-pipeline again after the interval, and a success counts", async () => {
    const { verdict, trace } = await runChart(retrying(), {
      b: ({ count }) => (count < 2 ? new JobError(`try ${count}`) : {}),
    });
    expect(verdict).toBeNull();
    expect(trace.filter((l) => !l.includes("power-off"))).toEqual([
      "0 run 1.1 a",
      "0 run 1.2 b",
      "0 retry 1 after try 0",
      "1000 run 1.1 a",
      "1000 run 1.2 b",
      "1000 retry 1 after try 1",
      "2000 run 1.1 a",
      "2000 run 1.2 b",
      "2000 cleanup",
    ]);
  });

  it("begins with the children: what stands before them is done once", async () => {
    const pipeline = retrying({ run: { kind: "service", service: "before", with: {} } });
    const { verdict, trace } = await runChart(pipeline, {
      b: ({ count }) => (count < 1 ? new JobError(`try ${count}`) : {}),
    });
    expect(verdict).toBeNull();
    expect(services(trace)).toEqual(["1 before", "1.1 a", "1.2 b", "1.1 a", "1.2 b", "2.1 power-off"]);
  });

  it("does not try again what stands before the children", async () => {
    const pipeline = retrying({ run: { kind: "service", service: "before", with: {} } });
    const { verdict, trace } = await runChart(pipeline, { before: () => new JobError("no kernel") });
    expect(verdict?.message).toBe("no kernel");
    expect(services(trace)).toEqual(["1 before", "2.1 power-off"]);
  });

  it("gives up after the last attempt with the last error", async () => {
    const { verdict, context } = await runChart(retrying(), { b: ({ count }) => new TestError(`try ${count}`) });
    expect(verdict?.message).toBe("try 2");
    expect(context.attempts["1"]).toBe(3);
  });

  it.each([new LAVABug("bug"), new ConfigurationError("config")])("does not follow a $name", async (error) => {
    const { trace } = await runChart(retrying(), { b: () => error });
    expect(trace.some((line) => line.includes("retry"))).toBe(false);
  });

  it("stops when the time that is left is not enough (kernelci-core PR#2558)", async () => {
    const { verdict, trace, time } = await runChart(retrying({ seconds: 10 }), {
      a: () => 9500,
      b: () => new JobError("late"),
    });
    expect(trace.some((line) => line.includes("retry"))).toBe(false);
    expect(verdict?.message).toBe("late");
    expect(time).toBe(9500);
  });

  it("of an inner action is not made on a dead board: the retry that begins with a reset takes it (labgrid#1123)", async () => {
    const pipeline = pipelineOf([
      {
        name: "outer",
        retry: true,
        maxRetries: 2,
        children: [
          { name: "reset", service: "reset", resets: true },
          { name: "login", retry: true, maxRetries: 2, children: [{ name: "talk", service: "talk" }] },
        ],
      },
    ]);
    const { trace, verdict } = await runChart(pipeline, {
      talk: ({ count }) => (count === 0 ? new JobError("panic", { board: "dead" }) : {}),
    });
    expect(verdict).toBeNull();
    expect(services(trace)).toEqual(["1.1 reset", "1.2.1 talk", "1.1 reset", "1.2.1 talk", "2.1 power-off"]);
  });

  it("of an inner action is not made on a console that closed: the retry that connects again takes it", async () => {
    const pipeline = pipelineOf([
      {
        name: "outer",
        retry: true,
        maxRetries: 2,
        children: [
          { name: "connect", service: "connect" },
          { name: "login", retry: true, maxRetries: 3, children: [{ name: "talk", service: "talk" }] },
        ],
      },
    ]);
    const { trace, verdict } = await runChart(pipeline, {
      talk: ({ count }) => (count === 0 ? new ConnectionClosedError("connection closed: the peer went away") : {}),
    });
    expect(verdict).toBeNull();
    expect(services(trace)).toEqual(["1.1 connect", "1.2.1 talk", "1.1 connect", "1.2.1 talk", "2.1 power-off"]);
  });

  it("with repeat runs all attempts and reports a failure at the end", async () => {
    const { verdict, trace } = await runChart(retrying({ repeat: true }), {
      b: ({ count }) => (count === 1 ? new JobError("once") : {}),
    });
    expect(services(trace).filter((s) => s.endsWith("b"))).toHaveLength(3);
    expect(verdict?.message).toBe("once");
  });
});

describe("deadlines", () => {
  it("are absolute and stand over all attempts", async () => {
    const pipeline = pipelineOf([
      { name: "again", retry: true, maxRetries: 5, seconds: 10, children: [{ name: "b", service: "b", seconds: 4 }] },
    ]);
    const { verdict, time, trace } = await runChart(pipeline, { b: () => Number.POSITIVE_INFINITY });
    expect(trace.filter((l) => l.includes(" run 1.1"))).toEqual(["0 run 1.1 b", "5000 run 1.1 b"]);
    expect(verdict?.message).toBe("b timed out after 4 seconds");
    expect(time).toBe(9000);
  });

  it("that are due together name the innermost action", async () => {
    const pipeline = pipelineOf([
      { name: "outer", seconds: 5, children: [{ name: "inner", seconds: 60, service: "hang" }] },
    ]);
    const { verdict } = await runChart(pipeline, { hang: () => Number.POSITIVE_INFINITY });
    expect(verdict).toMatchObject({ message: "inner timed out after 5 seconds", level: "1.1" });
  });

  it("of the job end it from anywhere, and finalize has its own time", async () => {
    const { verdict, trace } = await runChart(pipelineOf([{ name: "x", seconds: 900, service: "hang" }], 30), {
      hang: () => Number.POSITIVE_INFINITY,
    });
    expect(verdict?.message).toMatch(/timed out after 30 seconds/);
    expect(trace.at(-2)).toBe("30000 run 2.1 power-off");
  });

  it("of a test shell with skip let the job go on", async () => {
    const pipeline = pipelineOf([
      { name: "test", timeoutError: "LAVATimeoutError", skipOnTimeout: true, seconds: 3, service: "hang" },
      { name: "next", service: "next" },
    ]);
    const { verdict, further, trace } = await runChart(pipeline, { hang: () => Number.POSITIVE_INFINITY });
    expect(verdict).toBeNull();
    expect(further).toHaveLength(1);
    expect(trace).toContain("3000 run 2 next");
  });
});

describe("cancel", () => {
  it("stops what runs, powers off and cleans up", async () => {
    const { verdict, trace } = await runChart(
      pipelineOf([{ name: "x", service: "hang" }]),
      { hang: () => Number.POSITIVE_INFINITY },
      1234,
    );
    expect(verdict).toMatchObject({ type: "Canceled", message: "stop" });
    expect(trace).toEqual(["0 run 1 hang", "1234 run 2.1 power-off", "1234 cleanup"]);
  });
});
