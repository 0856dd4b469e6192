import { readdirSync, readFileSync, statSync } from "node:fs";

/** Whether some process that can be seen from here holds this file open to write it. False also where none can be seen. */
export function isBeingWritten(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file) return false;
  const writes = (process: string, descriptor: string): boolean => {
    try {
      const { dev, ino } = statSync(`/proc/${process}/fd/${descriptor}`);
      if (dev !== file.dev || ino !== file.ino) return false;
      // The last two bits of the flags are the access mode; 0 is for readers.
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${process}/fdinfo/${descriptor}`, "utf8"))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
    } catch {
      return false; // Closed meanwhile.
    }
  };
  return names("/proc").some(
    (process) =>
      /^\d+$/.test(process) && names(`/proc/${process}/fd`).some((descriptor) => writes(process, descriptor)),
  );
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It ended meanwhile, or is somebody else's, or there is no /proc.
  }
}
