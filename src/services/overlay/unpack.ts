import { compressionOf, decompress } from "../download/decompress.js";
import { limited } from "../files/room.js";
import type { ServiceContext } from "../types.js";

/** The streams of programs that a service starts. */
export const programOptions = ({ signal, log, clock, env, paths, guard }: ServiceContext) => ({
  signal,
  log,
  clock,
  env,
  cwd: paths.work,
  ...(guard && { guard }),
});

/**
 * The plain bytes of a stream: decompressed as said, or as its first bytes say.
 * @throws JobError when it is not of that compression, or more than one download or the job may have
 */
export async function* unpackStream(
  source: AsyncIterable<Uint8Array>,
  compression: string | undefined,
  context: ServiceContext,
  what: string,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 6) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = async function* () {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  const kind = compressionOf(head) ?? compression;
  yield* limited(
    kind === undefined ? whole() : decompress(kind, whole(), programOptions(context), what),
    context,
    what,
  );
}
