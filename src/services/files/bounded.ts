/** Programs that write files for a job: what they may write is what the job has room for. */
import type { ProgramOptions } from "../run-program.js";
import type { ServiceContext } from "../types.js";
import { limitsOf, sizeOnDisk, takeRoom, tooLarge } from "./room.js";

/** ms between two looks at what has been written, and how many times as long as a look takes. */
const LOOK_AGAIN = 1_000;
const SELDOM = 10;

export interface Written {
  /** The file or folder that is written. */
  into: string;
  /** What the error and the meter call it. */
  what: string;
  /** Room that is given to it, where that is not what the job has left: then nothing is taken of the meter. */
  granted?: { bytes: number; error: () => Error };
}

/** Options of a program by which it keeps to its bounds. */
export type Bounds = Required<Pick<ProgramOptions, "signal" | "fileLimit">>;

/**
 * Runs programs that write: none of their files may become larger than the room, all that lies in `into` is looked at
 * while they run, and what they wrote is taken of the job's meter until the action is undone.
 * @throws JobError that names the meter and what took most of it
 */
export async function bounded<T>(
  context: ServiceContext,
  { into, what, granted }: Written,
  run: (bounds: Bounds) => Promise<T>,
): Promise<T> {
  const { meter, clock } = context;
  const { bytes, error } = granted ?? { bytes: meter.left, error: () => meter.refusal(what) };
  const before = await sizeOnDisk(into);
  const stop = new AbortController();
  let timer: unknown;
  let over = false;
  const look = async () => {
    const begin = clock.now();
    if ((await sizeOnDisk(into)) - before > bytes) stop.abort(error());
    else if (!over) timer = clock.setTimeout(look, Math.max(LOOK_AGAIN, SELDOM * (clock.now() - begin)));
  };
  timer = clock.setTimeout(look, LOOK_AGAIN);
  try {
    const result = await run({
      signal: AbortSignal.any([context.signal, stop.signal]),
      fileLimit: { bytes, error },
    });
    const written = Math.max(0, (await sizeOnDisk(into)) - before);
    if (written > bytes) throw error();
    if (!granted) takeRoom(context, written, what);
    return result;
  } finally {
    over = true;
    clock.clearTimeout(timer);
  }
}

/** The room for a copy whose bytes are counted when they are taken from it: what the job has left, and a download may have. */
export function roomForDownload(context: ServiceContext, what: string): Required<Written>["granted"] {
  const { bytes } = limitsOf(context);
  const { left } = context.meter;
  return left < bytes
    ? { bytes: left, error: () => context.meter.refusal(what) }
    : { bytes, error: () => tooLarge(what, bytes) };
}
