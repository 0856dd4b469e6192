import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's own folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Guest kernels and initramfs; git-ignored. */
export const IMAGES = join(ROOT, ".images");
/** Running boards, logs, fetched peers; git-ignored. */
export const CACHE = join(ROOT, ".cache");
