#!/usr/bin/env node
/**
 * npm run bench [-- --only startup,qemu,uboot,console,actions,replay,layout,templates] [--rounds N]
 * Prints tables and writes .cache/bench.json. Peers are measured in the same run, in turn with ours.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { CACHE, ROOT } from "../scripts/lib/paths.mjs";
import { measureActions, measureConsole, measureLayout, measureReplay } from "./in-process.mjs";
import { measureQemuJob, measureUbootJob } from "./jobs.mjs";
import { fetchLavaPeer } from "./lava-peer.mjs";
import { measureStartup } from "./startup.mjs";
import { measureTemplates } from "./templates.mjs";

const PARTS = {
  startup: measureStartup,
  qemu: measureQemuJob,
  uboot: measureUbootJob,
  console: measureConsole,
  actions: measureActions,
  replay: measureReplay,
  layout: measureLayout,
  templates: measureTemplates,
};
/** Those that LAVA's own dispatcher runs, too. */
const WITH_PEER = new Set(["startup", "qemu", "uboot", "console"]);
const { values } = parseArgs({ options: { only: { type: "string" }, rounds: { type: "string" } } });
const wanted = values.only?.split(",") ?? Object.keys(PARTS);
for (const name of wanted) if (!PARTS[name]) throw new Error(`Unknown part ${name}: ${Object.keys(PARTS).join(", ")}`);

function findPeer() {
  try {
    return { peer: fetchLavaPeer() };
  } catch (error) {
    return {
      missing: String(error.stderr || error.message)
        .trim()
        .split("\n")
        .at(-1),
    };
  }
}

const { peer, missing } = wanted.some((name) => WITH_PEER.has(name)) ? findPeer() : { missing: "not needed" };
console.log(peer ? `Peer: lava-run of lava-dispatcher ${peer.version}` : `Peer not available: ${missing}`);

const work = join(CACHE, "bench");
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const report = {
  date: new Date().toISOString(),
  node: process.versions.node,
  peer: peer?.version ?? null,
  missing: missing ?? null,
  parts: {},
};
for (const name of wanted) {
  console.log(`\n${name}`);
  const part = await PARTS[name]({ work, peer, rounds: values.rounds ? Number(values.rounds) : undefined });
  report.parts[name] = part;
  printTable(part.rows);
  for (const { text, value, limit, met } of part.goals) {
    console.log(
      `  ${met === undefined ? "-     " : met ? "met   " : "MISSED"} ${text}: ${value}${limit ? ` (goal: ${limit})` : ""}`,
    );
  }
}
const file = join(CACHE, "bench.json");
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nWritten to ${relative(ROOT, file)}`);

function printTable(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const text = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))];
  const widths = columns.map((_, index) => Math.max(...text.map((line) => line[index].length)));
  for (const line of text) {
    console.log(
      `  ${line.map((cell, index) => (index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))).join("  ")}`.trimEnd(),
    );
  }
}

function shown(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value)
    ? String(value)
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(3);
}
