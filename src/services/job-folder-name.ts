import type { JsonMap } from "../base/json.js";

/** The name of a job's folders, which workers that share a disk keep apart by their `prefix`: `<prefix><job id>`, as LAVA's. */
export function jobFolderName({ dispatcher, jobId }: { dispatcher: JsonMap; jobId: string }): string {
  const { prefix } = dispatcher;
  return `${typeof prefix === "string" || typeof prefix === "number" ? prefix : ""}${jobId}`;
}
