/** Telnet's in-band commands (RFC 854, 855, 856, 857, 858, 1143): a codec without a socket. */

const IAC = 255;
const DONT = 254;
const DO = 253;
const WONT = 252;
const WILL = 251;
const SB = 250;
const SE = 240;
const CR = 13;
const LF = 10;
const NUL = 0;

export const BINARY = 0;
export const ECHO = 1;
export const SUPPRESS_GO_AHEAD = 3;

/** What the peer may do: it echoes, sends without go-ahead, and binary. */
const WANTED_OF_PEER = new Set([BINARY, ECHO, SUPPRESS_GO_AHEAD]);
/** What we agree to do. */
const OFFERED = new Set([BINARY, SUPPRESS_GO_AHEAD]);

type State = "data" | "iac" | "option" | "sub" | "sub-iac";

/**
 * One end of a telnet line. It asks for nothing until the peer has shown that it speaks telnet: to a bare TCP port an
 * unasked negotiation would be typed on the board.
 */
export class TelnetProtocol {
  /** Options that are on: by the peer, by us. Answers are only given to changes, so that two ends never loop. */
  readonly #peer = new Set<number>();
  readonly #own = new Set<number>();
  readonly #asked = new Set<string>();
  #state: State = "data";
  #verb = 0;
  #afterCr = false;
  #telnet = false;

  /** Whether the peer has negotiated. */
  get negotiated(): boolean {
    return this.#telnet;
  }

  /** Bytes as they came from the peer, in chunks of any cut. Gives the board's bytes and what has to be answered. */
  receive(bytes: Uint8Array): { data: Uint8Array; answer: Uint8Array } {
    const answer: number[] = [];
    if (this.#state === "data" && !this.#afterCr && this.#isPlain(bytes)) return { data: bytes, answer: NOTHING };
    const data = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      switch (this.#state) {
        case "data":
          if (byte === IAC) {
            this.#state = "iac";
            break;
          }
          if (this.#afterCr && byte === NUL) {
            this.#afterCr = false;
            break;
          }
          this.#afterCr = byte === CR && this.#telnet && !this.#peer.has(BINARY);
          data[length++] = byte;
          break;
        case "iac":
          this.#state = "data";
          if (byte === IAC) {
            this.#afterCr = false;
            data[length++] = IAC;
          } else if (byte === SB) this.#state = "sub";
          else if (byte >= WILL) {
            this.#verb = byte;
            this.#state = "option";
          }
          break;
        case "option":
          this.#state = "data";
          this.#negotiate(this.#verb, byte, answer);
          break;
        case "sub":
          if (byte === IAC) this.#state = "sub-iac";
          break;
        case "sub-iac":
          this.#state = byte === SE ? "data" : "sub";
          break;
      }
    }
    return { data: data.subarray(0, length), answer: Uint8Array.from(answer) };
  }

  /** Bytes for the board, as they go over the line: IAC doubled; a bare CR is CR NUL until the line is binary. */
  send(bytes: Uint8Array): Uint8Array {
    const nvt = this.#telnet && !this.#own.has(BINARY);
    if (!bytes.includes(IAC) && !(nvt && bytes.includes(CR))) return bytes;
    const out: number[] = [];
    bytes.forEach((byte, at) => {
      out.push(byte);
      if (byte === IAC) out.push(IAC);
      else if (nvt && byte === CR && bytes[at + 1] !== LF) out.push(NUL);
    });
    return Uint8Array.from(out);
  }

  #isPlain(bytes: Uint8Array): boolean {
    if (bytes.includes(IAC)) return false;
    return !this.#telnet || this.#peer.has(BINARY) || !bytes.includes(CR);
  }

  #negotiate(verb: number, option: number, answer: number[]): void {
    const first = !this.#telnet;
    this.#telnet = true;
    if (verb === WILL) this.#change(this.#peer, option, WANTED_OF_PEER.has(option), true, DO, DONT, answer);
    else if (verb === WONT) this.#change(this.#peer, option, true, false, DO, DONT, answer);
    else if (verb === DO) this.#change(this.#own, option, OFFERED.has(option), true, WILL, WONT, answer);
    else this.#change(this.#own, option, true, false, WILL, WONT, answer);
    if (first) {
      this.#ask(WILL, BINARY, this.#own, answer);
      this.#ask(DO, BINARY, this.#peer, answer);
      this.#ask(DO, SUPPRESS_GO_AHEAD, this.#peer, answer);
    }
  }

  #change(
    side: Set<number>,
    option: number,
    agreed: boolean,
    on: boolean,
    yes: number,
    no: number,
    answer: number[],
  ): void {
    const asked = this.#asked.delete(`${yes} ${option}`);
    if (!on) {
      if (side.delete(option) && !asked) answer.push(IAC, no, option);
    } else if (!agreed) answer.push(IAC, no, option);
    else if (!side.has(option)) {
      side.add(option);
      if (!asked) answer.push(IAC, yes, option);
    }
  }

  #ask(verb: number, option: number, side: Set<number>, answer: number[]): void {
    if (side.has(option)) return;
    this.#asked.add(`${verb} ${option}`);
    answer.push(IAC, verb, option);
  }
}

const NOTHING = new Uint8Array(0);
