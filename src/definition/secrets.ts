/** Which values of a job and a device are secret: known from the moment that they are read. */
import { isMap, type Json, type JsonMap } from "../base/json.js";

export interface Secrets {
  /** Hidden wherever they appear. */
  values: string[];
  /** Keys whose text is hidden whatever it is, where the job or the device has secrets beside `secrets`. */
  keys?: RegExp;
  /** What cannot be hidden as well as one may think, in sentences. */
  warnings: string[];
}

/** Keys whose text is a secret: `password`, `Authorization`, `PRIVATE-TOKEN`, `api_key`, ... */
const SECRET_KEY = /^(?:[\w-]*[_-])?(?:password|passwd|passphrase|token|secret|api[_-]?key|authorization|cookie)$/i;

/** A password in a URL, or a token in its place. */
const IN_URL = /\b[a-z][a-z0-9+.-]{1,30}:\/\/(?:[^\s/?#@:]{0,256}:([^\s/?#@]{1,4096})|([^\s/?#@:]{12,4096}))@/gi;
/** Parameters of a URL that open a door. */
const IN_QUERY =
  /[?&;](?:access_?|private_?|job_?|auth_?)?(?:token|password|secret|signature|sig|api_?key)=([^\s&;#]+)/gi;
/** `Bearer ...`, `Basic ...`: the credentials are secret without that word too. */
const SCHEME = /^(?:bearer|basic|token|digest)\s+(\S.*)$/i;

/** Shorter ones are in every second line of a log. */
const SHORTEST = 6;

interface Found {
  where: string;
  value: string;
}

/** Every text of a tree with its keys on the way. */
function* textsOf(value: Json, path: string[] = []): Generator<{ path: string[]; text: string }> {
  if (typeof value === "string") yield { path, text: value };
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* textsOf(item, [...path, `${index}`]);
  else if (isMap(value)) for (const [key, item] of Object.entries(value)) yield* textsOf(item, [...path, key]);
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

function* secretsIn(path: string[], text: string): Generator<Found> {
  const where = path.join(".");
  const key = path.at(-1) ?? "";
  if (SECRET_KEY.test(key)) {
    yield { where, value: text };
    const credentials = SCHEME.exec(text)?.[1];
    if (credentials) yield { where, value: credentials };
  }
  for (const [, password, token] of text.matchAll(IN_URL)) yield { where, value: decoded(password ?? token ?? "") };
  for (const [, value] of text.matchAll(IN_QUERY)) yield { where, value: decoded(value ?? "") };
}

/**
 * The secrets of a job and its device: all of `secrets`, and what passwords, tokens and credentials stand elsewhere (a
 * login, a header, a URL). What stands in clear in another place as well, or is short, is no secret that a log could do
 * without: it is hidden under its key only. Those of `secrets` are hidden everywhere, as LAVA does it.
 */
export function secretsOf(job: JsonMap, device: JsonMap = {}): Secrets {
  const { secrets, ...rest } = job;
  const values: string[] = [];
  const warnings: string[] = [];
  for (const { path, text } of textsOf(isMap(secrets) ? secrets : {})) {
    values.push(text);
    if (text.trim() !== "" && text.trim().length < SHORTEST)
      warnings.push(
        `The secret '${path.join(".")}' is a short or common word: it is hidden in everything that is written, results and console included.`,
      );
  }
  const found: Found[] = [];
  const open: string[] = [];
  for (const { path, text } of [...textsOf(rest), ...textsOf(device)]) {
    const inside = [...secretsIn(path, text)];
    found.push(...inside);
    if (inside.length === 0) open.push(text);
  }
  const clear = open.join("\n");
  for (const { where, value } of found) {
    if (value.trim() === "" || values.includes(value)) continue;
    if (value.length >= SHORTEST && !clear.includes(value)) values.push(value);
    else
      warnings.push(
        `'${where}' is a short or common word: it is hidden where it stands in the job, not where the console shows it.`,
      );
  }
  return { values, ...(found.length > 0 && { keys: SECRET_KEY }), warnings: [...new Set(warnings)] };
}
