/**
 * Colours that colour-blind people can tell apart (after Okabe and Ito, darkened or lightened for contrast); a line style
 * of its own says the same without colour.
 */
import type { EdgeKind } from "./graph-types.js";

export interface EdgeLook {
  /** In words, for legends. */
  name: string;
  light: string;
  dark: string;
  /** SVG dash array; empty: solid. */
  dash: string;
  width: number;
}

export const EDGE_LOOKS: { [kind in EdgeKind]: EdgeLook } = {
  next: { name: "then", light: "#475569", dark: "#94a3b8", dash: "", width: 1.6 },
  prompt: { name: "heard on the console", light: "#0072b2", dark: "#56b4e9", dash: "", width: 1.6 },
  retry: { name: "try again", light: "#9a6700", dark: "#e69f00", dash: "10 3", width: 1.8 },
  failure: { name: "failure", light: "#c2410c", dark: "#f08a4b", dash: "", width: 1.2 },
  timeout: { name: "time is up", light: "#a21caf", dark: "#e08ad8", dash: "6 4", width: 1.4 },
  watcher: { name: "a watcher heard something", light: "#a21caf", dark: "#e08ad8", dash: "2 3", width: 1.4 },
  diagnose: { name: "diagnosis", light: "#00796b", dark: "#35c9a5", dash: "2 3", width: 1.4 },
  cancel: { name: "cancelled", light: "#64748b", dark: "#94a3b8", dash: "6 3 2 3", width: 1.3 },
};
