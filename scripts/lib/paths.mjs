import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository, or of the installed package. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** npm packs every file that a project lists, but never this one. */
export const IS_CHECKOUT = existsSync(join(ROOT, "package-lock.json"));

const { XDG_CACHE_HOME, HOME } = process.env;
const USER_CACHE = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME || homedir(), ".cache");

/** Where what is made for the boards and jobs lies (src/cli/package-root.ts says the same): nothing goes into an installed package. */
export const STATE = IS_CHECKOUT ? ROOT : join(USER_CACHE, "lava-dispatch");
/** Guest kernels and initramfs; git-ignored. */
export const IMAGES = join(STATE, ".images");
/** Running boards, logs, fetched peers; git-ignored. */
export const CACHE = IS_CHECKOUT ? join(ROOT, ".cache") : STATE;
/** The command that sets up what is missing. */
export const SETUP = IS_CHECKOUT ? "npm run setup" : "lava-dispatch setup";
