/** The live picture of a run as lines of text: a pure function of what is known, the time and the room there is. */
import { cutTo, harmless, mark, type Paint, shortTime, size } from "./paint.js";
import type { ActionView, ProgressView, RunView } from "./run-view.js";

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export interface Room {
  columns: number;
  rows: number;
  now: number;
  paint: Paint;
  /** A line at the bottom, e.g. that the job is being cancelled. */
  note?: string;
}

/** At most `rows - 1` lines of at most `columns` columns. */
export function treeLines(view: RunView, room: Room): string[] {
  const { columns, paint } = room;
  const rows = Math.max(3, room.rows - 1);
  const foot = [...testLines(view, paint), ...(room.note ? [paint("yellow", harmless(room.note))] : [])];
  const head = headLine(view, room);
  // The console gets a third of what is left, the tree what it needs.
  const free = Math.max(1, rows - 1 - foot.length);
  const wanted = shownActions(view);
  const tail = Math.min(view.console.length, 8, Math.max(free - wanted.length - 1, Math.floor(free / 3) - 1));
  const consoleLines = tail > 0 ? view.console.slice(-tail) : [];
  const tree = squeeze(wanted, free - (consoleLines.length ? consoleLines.length + 1 : 0));
  return [
    head,
    ...tree.map((action) => actionLine(action, room)),
    ...(consoleLines.length ? [paint("dim", "── console ".padEnd(Math.min(columns, 60), "─"))] : []),
    ...consoleLines.map((line) => paint("dim", cutTo(line, columns))),
    ...foot,
  ]
    .slice(0, rows)
    .map((line) => cutTo(line, columns));
}

function headLine(view: RunView, { now, paint }: Room): string {
  const { header } = view;
  if (!header) return paint("bold", "starting");
  const time = `${shortTime(now - view.started)} / ${shortTime(header.timeout * 1000)}`;
  return `${paint("bold", harmless(`${header.job_name} on ${header.device}`))}  ${paint("dim", `job ${header.job_id}, ${time}`)}`;
}

/** Top-level actions always; below them what runs now, and what failed. */
function shownActions(view: RunView): ActionView[] {
  return [...view.actions.values()].filter((action) => {
    if (action.parent === undefined) return true;
    const parent = view.actions.get(action.parent);
    return parent?.status === "running" && isAncestryRunning(view, parent) && action.status !== "skipped";
  });
}

function isAncestryRunning(view: RunView, action: ActionView): boolean {
  if (action.status !== "running") return false;
  const parent = action.parent === undefined ? undefined : view.actions.get(action.parent);
  return !parent || isAncestryRunning(view, parent);
}

/** Leaves out the least telling actions until the rest fits: pending leaves first, then done ones, from far to near. */
function squeeze(actions: ActionView[], rows: number): ActionView[] {
  let shown = actions;
  for (const drop of [
    (action: ActionView) => action.depth > 1 && action.status === "pending",
    (action: ActionView) => action.depth > 1 && action.status === "done",
    (action: ActionView) => action.depth > 0 && (action.status === "pending" || action.status === "done"),
    (action: ActionView) => action.depth > 0 && action.status !== "running",
    (action: ActionView) => action.status === "done" || action.status === "pending",
  ]) {
    if (shown.length <= rows) return shown;
    // The furthest from what runs goes first.
    const active = shown.findLastIndex((action) => action.status === "running");
    const candidates = shown
      .map((action, index) => ({ action, far: Math.abs(index - active) }))
      .filter(({ action }) => drop(action))
      .sort((a, b) => b.far - a.far)
      .slice(0, shown.length - rows);
    const dropped = new Set(candidates.map(({ action }) => action));
    shown = shown.filter((action) => !dropped.has(action));
  }
  return shown.length <= rows ? shown : shown.slice(-rows);
}

const KIND = { pending: "pending", running: "running", done: "pass", failed: "fail", skipped: "skip" } as const;

function actionLine(action: ActionView, room: Room): string {
  const { paint, now } = room;
  const running = action.status === "running";
  const sign = running
    ? paint("blue", SPINNER[Math.floor(now / 100) % SPINNER.length]!)
    : mark(paint, KIND[action.status]);
  const indent = "  ".repeat(action.depth);
  const name = `${indent}${sign} ${paint("dim", action.level)} ${running ? paint("bold", action.name) : action.name}`;
  const parts: string[] = [];
  if (running) parts.push(`${shortTime(now - action.started)} / ${shortTime(action.timeout)}`);
  else if (action.duration) parts.push(shortTime(action.duration));
  if (action.maxRetries > 1 && (running || action.attempt > 1))
    parts.push(paint(action.attempt > 1 ? "yellow" : "dim", `attempt ${action.attempt}/${action.maxRetries}`));
  if (running && action.progress) parts.push(progressText(action.progress, paint));
  if (action.status === "failed" && action.message)
    parts.push(paint("red", harmless(action.message.split("\n", 1)[0]!)));
  return action.status === "pending" ? paint("dim", name) : [name, ...parts].join("  ");
}

const BAR = 20;

function progressText({ label, done, total, rate }: ProgressView, paint: Paint): string {
  const speed = rate > 0 ? `  ${size(rate)}/s` : "";
  if (!total) return `${harmless(label)} ${size(done)}${speed}`;
  const part = Math.min(1, done / total);
  const full = Math.round(part * BAR);
  const bar = `${paint("green", "━".repeat(full))}${paint("dim", "━".repeat(BAR - full))}`;
  return `${harmless(label)} ${bar} ${Math.floor(part * 100)}% of ${size(total)}${speed}`;
}

function testLines(view: RunView, paint: Paint): string[] {
  return [...view.suites].slice(-3).map(([name, { counts }]) => {
    const words = (["pass", "fail", "skip", "unknown"] as const).filter((word) => counts[word] || word === "pass");
    return `${paint("bold", name)}  ${words.map((word) => `${mark(paint, word)} ${counts[word]} ${word}`).join("  ")}`;
  });
}
