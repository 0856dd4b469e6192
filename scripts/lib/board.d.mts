/** Types of board.mjs, for the tests. */
export interface Machine {
  qemu: { program: string; package: string };
  firmware: { file: string; package: string };
  words: string[];
}
export interface BoardOptions {
  /** One of MACHINES, or what would stand there. */
  machine?: string | Machine;
  port?: number;
  socket?: string;
  tftp?: string;
  log?: string;
  serial?: string;
  /** The port speaks no telnet. */
  plain?: boolean;
  /** Further settings of the user network. */
  network?: string;
  /** Further words of QEMU's command line. */
  words?: string[];
}
export type Board = Required<Omit<BoardOptions, "serial" | "plain" | "network" | "words">>;
export declare const MACHINES: { [name: string]: Machine };
export declare const defaults: (port?: number) => Board;
export declare const powerLog: (socket: string) => string;
export declare const POWER_WORDS: string[];
export declare function start(options?: BoardOptions): Promise<Board>;
export declare function stop(socket: string): Promise<boolean>;
export declare function power(socket: string, word: string): Promise<void>;
export declare function status(socket: string): Promise<"on" | "off" | "stopped">;
