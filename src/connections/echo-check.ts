import { ESCAPE, KERNEL_LINE, type LiftedText, lift } from "./terminal-text.js";
import { similarity } from "./text-similarity.js";

/** Characters of which a terminal shows nothing. */
const UNSEEN = "[\\r\\n\\0\\x07]";
/** What an echo may be mixed with: escapes, lines of the kernel, wrapped lines, characters taken back. */
const MIXED_IN = `${ESCAPE}|${KERNEL_LINE}|[^\\x08]\\x08|${UNSEEN}`;
/**
 * busybox wraps with CR LF. readline goes to the next line by printing what will stand there, or a blank, and a CR:
 * that character is its own or the text's, so both are tried.
 */
const READINGS = [new RegExp(MIXED_IN, "g"), new RegExp(`([^\\r\\n])\\r(?=\\1)| \\r(?!\\n)|${MIXED_IN}`, "g")];
/** A text of fewer characters cannot be told from other output. */
const SHORTEST = 3;
/** How much of the text must have come back for the peer to be one that echoes. */
const EVIDENT = 0.5;
/** Output that is compared, characters. */
const COMPARED = 2048;
/** A longer text may be wrapped, so that its echo takes several lines. */
const WRAPPED = 40;

export type EchoState =
  /** Came back whole; `end` is the place after it. */
  | { state: "seen"; end: number }
  /** The output so far is the beginning of the echo. */
  | { state: "partial" }
  /** Comes back, but not as it was sent. */
  | { state: "garbled" }
  | { state: "unseen" };

/** Compares what came since a text was typed with that text. */
export function checkEcho(output: string, typed: string): EchoState {
  const text = typed.replace(new RegExp(UNSEEN, "g"), "");
  const readings: LiftedText[] = READINGS.map((mixedIn) => lift(output, mixedIn));
  for (const reading of readings)
    for (const form of [text, doubled(text)]) {
      const place = reading.text.indexOf(form);
      if (place >= 0) return { state: "seen", end: text === "" ? 0 : reading.at(place + form.length - 1) + 1 };
    }
  if (readings.every((reading) => reading.text === "")) return { state: "unseen" };
  if (readings.some((reading) => reading.text !== "" && text.startsWith(reading.text))) return { state: "partial" };
  if (text.length < SHORTEST) return { state: "unseen" };
  const came = text.length < WRAPPED ? lastLine(output) : (readings[0]?.text ?? "");
  // A short text is a bit like much of what others print.
  if (text.length < WRAPPED && came.length > 2 * text.length + SHORTEST) return { state: "unseen" };
  return {
    state: similarity(text.slice(0, COMPARED), came.slice(-COMPARED)) >= EVIDENT ? "garbled" : "unseen",
  };
}

/** Both ends of the line echo each character. */
const doubled = (text: string): string => text.replace(/./gsu, "$&$&");

/** The echo of a text without line end stands in the line that is being written. */
const lastLine = (output: string): string => lift(output.slice(output.lastIndexOf("\n") + 1), READINGS[0]!).text;
