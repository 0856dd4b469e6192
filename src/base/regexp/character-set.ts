const LATIN = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
/** A character that stands for itself. */
const LITERAL = /^(?:[^\\[.]|\\[^A-Za-z0-9])$/;
/** Has no character beyond the Latin ones, where case counts. */
const LATIN_ONLY = /^(?:\\[^DSWu]|\[(?!\^)(?:\\[^DSWu]|[^\\\u0100-\uffff])*\])/;

/** The character that a token stands for, whatever the flags are; undefined for classes and the like. */
export const literalOf = (token: string): string | undefined => (LITERAL.test(token) ? token.at(-1) : undefined);

/** Characters of one place of an expression, as the engine itself reads them. */
export class CharacterSet {
  /** Bits of the first 256 characters, and one for all others: whether they may be in it. */
  readonly bits: Uint32Array = new Uint32Array(9);
  readonly #expression: RegExp;
  readonly #known = new Map<number, boolean>();

  /** @param flags those of the expression: `i` and `s` change what is in a set */
  constructor(token: string, flags: string) {
    const own = flags.replace(/[^is]/g, "");
    this.#expression = new RegExp(token, own);
    const literal = own.includes("i") ? undefined : literalOf(token);
    const latin = literal !== undefined ? [literal] : (LATIN.match(new RegExp(token, `${own}g`)) ?? []);
    for (const char of latin) this.#add(char.charCodeAt(0));
    if (literal === undefined && (own.includes("i") || !LATIN_ONLY.test(token))) this.#add(256);
  }

  has(code: number): boolean {
    if (code < 256) return (this.bits[code >> 5]! & (1 << (code & 31))) !== 0;
    let known = this.#known.get(code);
    if (known === undefined) {
      known = this.#expression.test(String.fromCharCode(code));
      this.#known.set(code, known);
    }
    return known;
  }

  #add(code: number): void {
    const at = Math.min(code, 256);
    this.bits[at >> 5]! |= 1 << (at & 31);
  }
}
