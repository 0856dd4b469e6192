import { expect, test } from "vitest";
import { programEnvironment } from "../../src/cli/program-environment.js";

/** Each made a program of the worker run something else, or somewhere else. */
const DANGEROUS = [
  "GIT_SSH_COMMAND",
  "GIT_PROXY_COMMAND",
  "GIT_CONFIG_COUNT",
  "GIT_CONFIG_KEY_0",
  "GIT_EXEC_PATH",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "LD_AUDIT",
  "PATH",
  "NODE_OPTIONS",
  "NODE_PATH",
  "BASH_ENV",
  "BASH_FUNC_echo%%",
  "ENV",
  "IFS",
  "PS4",
  "SHELLOPTS",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "PERL5OPT",
  "PERL5LIB",
  "RUBYOPT",
  "JAVA_TOOL_OPTIONS",
  "HOME",
  "TMPDIR",
  "SSH_ASKPASS",
  "SSH_AUTH_SOCK",
  "DOCKER_HOST",
  "GCONV_PATH",
  "http_proxy",
  "HTTPS_PROXY",
  "EDITOR",
  "PAGER",
  "LAVA_JOB_ID",
  "CURL_HOME",
  "SSL_CERT_FILE",
  "OPENSSL_CONF",
  "XDG_CONFIG_HOME",
  "a=b",
  "with space",
  "",
];

test("no secret reaches a program, and the log says which did not", () => {
  const job = { secrets: { TOKEN: "t0ken", BASH_ENV: "$(touch /tmp/x)" } };
  const { env, note } = programEnvironment({ PATH: "/bin" }, { job, jobId: "7", dispatcher: {} });
  expect(env).toEqual({ PATH: "/bin", LAVA_JOB_ID: "7" });
  expect(note).toContain('"TOKEN", "BASH_ENV"');
  expect(note).not.toContain("t0ken");
});

test.each(DANGEROUS)("the dispatcher's settings cannot allow %j", (name) => {
  const job = { secrets: { [name]: "x", TOKEN: "t0ken" } };
  const dispatcher = { job_environment: [name, "TOKEN"] };
  const { env, note } = programEnvironment({ PATH: "/bin" }, { job, jobId: "7", dispatcher });
  expect(env).toEqual({ PATH: "/bin", TOKEN: "t0ken", LAVA_JOB_ID: "7" });
  expect(note).toContain(JSON.stringify(name));
});

test("without secrets there is nothing to say", () => {
  expect(programEnvironment({}, { job: {}, jobId: "7", dispatcher: {} })).toEqual({ env: { LAVA_JOB_ID: "7" } });
});
