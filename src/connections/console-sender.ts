import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import { checkEcho } from "./echo-check.js";
import type { OutputHistory } from "./output-history.js";
import type { SendOptions, SendReport } from "./types.js";

/** Output that pauses this long in the middle of an echo will not complete it, ms. */
const ECHO_PAUSE = 150;
/** A peer that is silent this long after a text does not echo, ms. */
const NO_ECHO = 400;
/** Characters of a text that is no coincidence when it comes back. */
const EVIDENCE = 3;
/** Output behind a line end in which the line's echo begins. */
const ECHO_REACH = 64;
const ATTEMPTS = 3;
/** Delay between characters of the second and third attempt, at least, ms. */
const SLOWER = [0, 5, 20];
const ADVICE =
  "Give the device character_delays for boot and test, or check speed and flow control of its serial line.";
/** Erases the line typed so far in U-Boot, barebox, GRUB, readline, busybox and a cooked terminal. */
export const ERASE_LINE = "\x15";

/** How a peer echoes, learnt once. */
export interface EchoHabits {
  /** A text that did not come back before its line end went out, and where the output stood then. */
  unechoed?: { text: string; at: number };
  /** It echoes a line when its end came: to wait for it before that is lost time. */
  wholeLines?: boolean;
  /** It shows something else than what was typed, and always the same: its echo proves nothing. */
  otherwise?: boolean;
}

/** What the sender needs of the console. */
export interface SenderHost {
  /** What was learnt of how the peer echoes. */
  habits: EchoHabits;
  clock: Clock;
  history: OutputHistory;
  log: Logger | undefined;
  /** Erases what was typed. */
  eraseLine: string;
  write(text: string): Promise<void>;
  /** Resolves at the next output or after `ms`; rejects when the line ended. */
  change(ms: number): Promise<void>;
  /** Resolves after `ms`; rejects when the line ended. */
  sleep(ms: number): Promise<void>;
  /** Told before the characters go out. */
  typing(text: string, lineEnd: string, secret: boolean): void;
  /** Everything up to this offset is known to be echo. */
  consume(offset: number): void;
}

/** Types a text and, where asked, its line end once the echo has proved that it arrived whole. */
export async function sendText(host: SenderHost, text: string, options: SendOptions): Promise<SendReport> {
  const { delay = 0, lineEnd = "\n", echo = false, secret = false } = options;
  if (echo) learn(host);
  if (!echo || text === "" || host.habits.wholeLines || host.habits.otherwise) {
    host.typing(text, lineEnd, secret);
    await type(host, text + lineEnd, delay);
    return { attempts: 1, echo: echo && text !== "" ? "none" : "off" };
  }
  const answers = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const from = host.history.end;
    const pace = attempt === 1 ? delay : Math.max(delay * 2 ** (attempt - 1), SLOWER[attempt - 1] ?? 0);
    host.typing(text, lineEnd, secret);
    await type(host, text, pace);
    const seen = await awaitEcho(host, text, from);
    if (seen === "none" && text.trim().length >= EVIDENCE) host.habits.unechoed = { text, at: host.history.end };
    if (seen !== "garbled") {
      await type(host, lineEnd, pace);
      return { attempts: attempt, echo: seen };
    }
    const came = host.history.slice(from);
    const sent = secret ? "" : `: sent ${JSON.stringify(text)}, came back ${JSON.stringify(came)}`;
    answers.add(came);
    if (attempt === ATTEMPTS) {
      // Whether it was garbled on its way to the peer or back nobody knows: the line goes out, as nothing else is left.
      if (answers.size === 1) host.habits.otherwise = true;
      host.log?.warning(
        `The console garbled what was typed ${attempt} times, and the line goes out so${sent}. ${ADVICE}`,
      );
      await type(host, lineEnd, pace);
      return { attempts: attempt, echo: seen };
    }
    host.log?.warning(`The console garbled what was typed${sent}; typing it again, slower`);
    await eraseLine(host);
  }
}

/** A line that came back only after its end went out shows how the peer echoes. */
function learn({ habits, history }: SenderHost): void {
  const { unechoed } = habits;
  if (!unechoed) return;
  delete habits.unechoed;
  const { text, at } = unechoed;
  const came = history.slice(at, at + 2 * text.length + ECHO_REACH);
  if (came.replace(/^[\r\n]+/, "").startsWith(text.slice(0, 1)) && checkEcho(came, text).state === "seen")
    habits.wholeLines = true;
}

/** With a delay each character goes alone, followed by the pause (spec runtime.md §4). */
async function type(host: SenderHost, text: string, delay: number): Promise<void> {
  if (delay <= 0) {
    if (text !== "") await host.write(text);
    return;
  }
  for (const char of text) {
    await host.write(char);
    await host.sleep(delay);
  }
}

async function awaitEcho(host: SenderHost, text: string, from: number): Promise<"seen" | "none" | "garbled"> {
  const began = host.clock.now();
  let known = host.history.end;
  let changed = began;
  for (;;) {
    const { end } = host.history;
    const now = host.clock.now();
    if (end !== known) changed = now;
    known = end;
    const echo = checkEcho(host.history.slice(from), text);
    if (echo.state === "seen") {
      host.consume(Math.max(from, host.history.start) + echo.end);
      return "seen";
    }
    const patience = echo.state === "unseen" ? NO_ECHO - (now - began) : ECHO_PAUSE - (now - changed);
    if (patience <= 0) {
      // A short beginning is no evidence of an echo: "l" may come from anywhere.
      return echo.state === "garbled" || (echo.state === "partial" && text.length >= 3) ? "garbled" : "none";
    }
    await host.change(patience);
  }
}

/** Erases twice, as the line that garbles characters may lose this one too, and waits until the redraw is over. */
async function eraseLine(host: SenderHost): Promise<void> {
  host.typing(host.eraseLine, "", false);
  for (let times = 0; times < 2; times += 1) {
    await host.write(host.eraseLine);
    await host.sleep(SLOWER[2] ?? 0);
  }
  for (let known = -1; known !== host.history.end; ) {
    known = host.history.end;
    await host.sleep(SLOWER[2] ?? 0);
  }
}
