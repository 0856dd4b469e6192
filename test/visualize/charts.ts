/** Charts to draw: of hand-made trees, and of a job larger than real ones are. */

import type { Pipeline } from "../../src/pipeline/action-tree.js";
import type { Chart } from "../../src/statechart/chart-types.js";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { buildFile } from "../pipeline/pipelines.js";
import { pipelineOf } from "../statechart/action-nodes.js";

/** U-Boot over TFTP with everything that it can have: retries, dialogues, watchers, diagnoses. */
export const ubootPipeline = (): Pipeline => buildFile("uboot-all", "uboot-device");
export const ubootChart = (): Chart => compileChart(ubootPipeline());

/** 193 actions, finalize included: a deploy with many downloads, two boots, eight tests. */
export function largePipeline(): Pipeline {
  const leaf = (name: string) => ({ name, service: "nothing", section: "deploy" });
  const download = (i: number) => ({
    name: `download-retry-${i}`,
    section: "deploy",
    retry: true,
    maxRetries: 3,
    children: [leaf(`http-download-${i}`)],
  });
  const overlay = (i: number) => ({
    name: `lava-overlay-${i}`,
    section: "deploy",
    children: Array.from({ length: 14 }, (_, k) => leaf(`test-definition-${i}-${k}`)),
  });
  const group = (i: number) => ({
    name: `deploy-${i}`,
    section: "deploy",
    children: [...Array.from({ length: 4 }, (_, k) => download(i * 4 + k)), overlay(i)],
  });
  const boot = (i: number) => ({
    name: `boot-${i}`,
    section: "boot",
    retry: true,
    maxRetries: 2,
    seconds: 300,
    children: Array.from({ length: 6 }, (_, k) => ({ name: `boot-${i}-step-${k}`, service: "nothing" })),
  });
  return pipelineOf(
    [
      ...Array.from({ length: 7 }, (_, i) => group(i)),
      boot(0),
      boot(1),
      {
        name: "lava-test-retry",
        section: "test",
        children: Array.from({ length: 8 }, (_, i) => ({
          name: `lava-test-shell-${i}`,
          section: "test",
          service: "nothing",
        })),
      },
    ],
    7200,
  );
}
