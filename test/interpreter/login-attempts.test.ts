/** Further attempts of a login in the same boot: they go on from where the board stands. */
import { describe, expect, it } from "vitest";
import { DEVICE, KERNEL, PROMPT, runVirtually, type VirtualRun } from "./virtual-board.js";

const MINIMAL = DEVICE.replace("methods: { u-boot:", "methods: { minimal: {}, u-boot:");
const job = (boot: string, more = "") => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 }${more} }
visibility: public
actions:
- boot: { method: minimal, prompts: ["root@board:/root#"], ${boot} }
`;
const LOGIN = `auto_login: { login_prompt: "login:", username: root }`;
const PASSWORD = `auto_login: { login_prompt: "login:", username: root, password_prompt: "Password:", password: x }`;
const WAITING = "\r\nboard login: ";

/** Each power-on gives the kernel's start, what `after` says, and `late` after 40 s. */
async function boot(text: string, rules: VirtualRun["rules"], after = WAITING, late = "") {
  const run = await runVirtually({
    job: text,
    device: MINIMAL,
    rules: { empty: { input: "", output: WAITING }, ...rules },
    onReset: (board) => {
      board.say(KERNEL, 300);
      board.say(after, 800);
      if (late) board.say(late, 40_000);
    },
  });
  return { ...run, resets: run.power.filter((command) => command.endsWith("board reset")).length };
}

describe("a login that was refused", () => {
  it("is tried again at the prompt that stands there, not at the next kernel's start", async () => {
    const { verdict, resets, board } = await boot(job(`${PASSWORD}, failure_retry: 2`), {
      login: { input: "root", output: "Password: " },
      first: { input: "x", output: "\r\nLogin incorrect\r\n\r\nboard login: ", delay: 300, times: 1 },
      second: { input: "x", output: PROMPT },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(resets).toBe(1);
    expect(board.lines).toEqual(["root", "x", "root", "x"]);
  });

  it("ends the boot with its error when no attempt is left", async () => {
    const { verdict } = await boot(job(PASSWORD), {
      login: { input: "root", output: "Password: " },
      refused: { input: "x", output: "\r\nLogin incorrect\r\n\r\nboard login: " },
    });
    expect(verdict.error).toMatchObject({ class: "JobError", message: "Login incorrect", action: "login-action" });
  });
});

describe("another attempt in the same boot", () => {
  it("of a `repeat` asks for the prompt that stands there already", async () => {
    const { verdict, resets, board } = await boot(
      job("repeat: 2, timeout: { seconds: 30 }"),
      { empty: { input: "", output: PROMPT } },
      PROMPT,
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(resets).toBe(2);
    // Each power-on has two logins: one finds the prompt, the other asks for it.
    expect(board.lines).toEqual(["", ""]);
  });

  it("answers the question for a password that came too late for the first one", async () => {
    const { verdict, resets, board } = await boot(
      job(`${PASSWORD}, failure_retry: 2`, ", actions: { login-action: { seconds: 8 } }"),
      {
        late: { input: "root", output: "Password: ", delay: 7500, times: 1 },
        login: { input: "root", output: "Password: " },
        empty: { input: "", output: "\r\nLogin incorrect\r\n\r\nboard login: " },
        right: { input: "x", output: PROMPT },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(resets).toBe(1);
    expect(board.lines.slice(-2)).toEqual(["root", "x"]);
  });

  it("at the bootloader's prompt does not go on: the board is reset", async () => {
    const device = MINIMAL.replace("minimal: {}", "minimal: { parameters: { bootloader_prompt: '=> ' } }");
    let boots = 0;
    const { verdict, power } = await runVirtually({
      job: job(`${LOGIN}, failure_retry: 2, timeout: { seconds: 60 }`, ", actions: { login-action: { seconds: 8 } }"),
      device,
      rules: { login: { input: "root", output: PROMPT }, empty: { input: "", output: "=> " } },
      onReset: (board) => {
        board.say(KERNEL, 300);
        board.say(boots++ === 0 ? "\r\nU-Boot\r\n=> " : WAITING, 800);
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(power.filter((command) => command.endsWith("board reset"))).toHaveLength(2);
  });
});

describe("a question for a password that the job does not expect", () => {
  it("gets the job's password, when it has one", async () => {
    const { verdict, log } = await boot(job(`auto_login: { login_prompt: "login:", username: root, password: x }`), {
      login: { input: "root", output: "Password: " },
      right: { input: "x", output: PROMPT },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/asks for a password \(Password:\).* no `password_prompt`/),
    );
  });

  it("gets an empty one otherwise: what the board says to it is the error", async () => {
    const { verdict } = await boot(job(LOGIN), {
      login: { input: "root", output: "Password: " },
      empty: { input: "", output: "\r\nLogin incorrect\r\n\r\nboard login: " },
    });
    expect(verdict.error).toMatchObject({ message: "Login incorrect" });
    expect(verdict.error?.advice).toContain("`password`");
  });

  it("that is asked otherwise than the job says is not answered by chance", async () => {
    const { verdict, board } = await boot(
      job(PASSWORD.replace("Password:", "Passwort:")),
      { login: { input: "root", output: "Password: " } },
      WAITING,
      "\r\nLogin timed out after 60 seconds\r\n",
    );
    expect(verdict.error?.message).toMatch(/^Password prompt not matched/);
    expect(board.lines).toEqual(["root"]);
  });
});

it("a login prompt that comes again gets the name again", async () => {
  const { verdict, board } = await boot(job(LOGIN), {
    login: { input: "root", output: WAITING, times: 1 },
    again: { input: "root", output: PROMPT },
  });
  expect(verdict).toEqual({ result: "pass", further: [] });
  expect(board.lines).toEqual(["root", "root"]);
});
