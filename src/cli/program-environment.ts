/** The environment of the programs that a job runs on the worker: the worker's own, and next to nothing of the job's. */
import { isMap, type JsonMap } from "../base/json.js";

/** The key of the dispatcher's settings with the names of secrets that programs may see. */
const ALLOWED = "job_environment";

/**
 * Names by which a program is made to run something else, or is led elsewhere: loaders, shells, interpreters, git, ssh,
 * and where a program finds its settings. No setting allows them.
 */
const NEVER =
  /^(?:LD_|DYLD_|BASH|NODE_|NPM_|PYTHON|PERL|RUBY|LUA_|TCL|JAVA_|_JAVA|JDK_|CLASSPATH$|GIT_|SSH_|GCONV_|GLIBC_|MALLOC_|LOCPATH$|NLSPATH$|RES_|HOSTALIASES$|DOCKER_|COMPOSE_|CURL_|SSL_|OPENSSL_|XDG_|TERM|LESS|LAVA_|PATH$|IFS$|ENV$|CDPATH$|GLOBIGNORE$|SHELLOPTS$|PS\d$|PROMPT_COMMAND$|HOME$|SHELL$|USER$|LOGNAME$|PWD$|OLDPWD$|TMP|TEMP|EDITOR$|VISUAL$|PAGER$|BROWSER$|.*_PROXY$|ALL_PROXY$)/i;

export interface ProgramEnvironment {
  env: NodeJS.ProcessEnv;
  /** What the log says of secrets that no program sees. */
  note?: string;
}

/**
 * Adds to the worker's environment the job's number and those of its secrets that the dispatcher's settings allow by name.
 * All others reach the board, URLs, headers and the inputs of services only.
 */
export function programEnvironment(
  worker: NodeJS.ProcessEnv,
  { job, jobId, dispatcher }: { job: JsonMap; jobId: string; dispatcher: JsonMap },
): ProgramEnvironment {
  const { [ALLOWED]: setting } = dispatcher;
  const allowed = new Set(Array.isArray(setting) ? setting.map(String) : []);
  const env: NodeJS.ProcessEnv = { ...worker };
  const withheld: string[] = [];
  for (const [name, value] of Object.entries(isMap(job.secrets) ? job.secrets : {}))
    if (allowed.has(name) && /^[A-Za-z_]\w*$/.test(name) && !NEVER.test(name)) env[name] = String(value);
    else withheld.push(name);
  env.LAVA_JOB_ID = jobId;
  if (withheld.length === 0) return { env };
  const names = withheld.map((name) => JSON.stringify(name)).join(", ");
  return {
    env,
    note: `Secrets are not in the environment of the worker's programs: ${names} (\`${ALLOWED}\` of the dispatcher's settings allows names)`,
  };
}
