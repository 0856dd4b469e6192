import type { Json } from "./json.js";

/** Log levels of LAVA (spec output.md §1). */
export type LogLevel =
  | "debug"
  | "info"
  | "warning"
  | "error"
  | "exception"
  | "input"
  | "target"
  | "feedback"
  | "event"
  | "results";

/** Where everything that the dispatcher did is told. `ns` only on feedback lines. Never throws. */
export interface Logger {
  log(level: LogLevel, message: Json, options?: { ns?: string }): void;
  debug(message: Json): void;
  info(message: Json): void;
  warning(message: Json): void;
  error(message: Json): void;
}
