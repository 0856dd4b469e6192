/** Every transport shows the same behaviour, against real peers. A new transport is a new row. */
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RealClock } from "../../src/base/clock.js";
import { ConnectionClosedError, InfrastructureError } from "../../src/base/errors.js";
import { openConnection, transportFor } from "../../src/connections/index.js";
import type { Connection } from "../../src/connections/types.js";
import { freePort, type Peer, ptyPeer, ser2netPeer, serialPeer, telnetPeer, until } from "./peers.js";

interface Row {
  name: string;
  transport: string;
  peer(): Promise<Peer>;
  /** Words that lead nowhere, and what is said of them. */
  refused(): Promise<{ words: string[]; message: RegExp; advice: RegExp }>;
  /** Bytes of the big transfers. */
  big: number;
  peerCloses: "eof" | "error";
}

const refusedTelnet = async () => {
  const port = await freePort();
  return {
    words: ["telnet", "127.0.0.1", String(port)],
    message: new RegExp(`^Nothing listens on 127\\.0\\.0\\.1 port ${port}$`),
    advice: /console server or emulator runs/,
  };
};
const rows: Row[] = [
  {
    name: "telnet, a console server",
    transport: "telnet",
    peer: () => telnetPeer(true),
    refused: refusedTelnet,
    big: 8e6,
    peerCloses: "eof",
  },
  {
    name: "telnet, a bare TCP port",
    transport: "telnet",
    peer: () => telnetPeer(false),
    refused: refusedTelnet,
    big: 8e6,
    peerCloses: "eof",
  },
  {
    name: "telnet, ser2net before a serial line",
    transport: "telnet",
    peer: ser2netPeer,
    refused: refusedTelnet,
    big: 400e3,
    peerCloses: "eof",
  },
  {
    name: "serial port",
    transport: "serial-port",
    peer: serialPeer,
    refused: async () => ({
      words: ["serial:/dev/no-such-port?baud=115200"],
      message: /^There is no serial port \/dev\/no-such-port$/,
      advice: /plugged in/,
    }),
    big: 4e6,
    peerCloses: "error",
  },
  {
    name: "pty command",
    transport: "pty-command",
    peer: ptyPeer,
    refused: async () => ({
      words: ["no-such-program", "x"],
      message: /^The program no-such-program of the connection command is not found$/,
      advice: /Install no-such-program/,
    }),
    big: 4e6,
    peerCloses: "eof",
  },
];

/** Every byte, in an order that makes CR NUL, CR LF, IAC IAC and bytes that end a chunk. */
const ALL_BYTES = Buffer.from([
  ...Array.from({ length: 256 }, (_, byte) => byte),
  ...[13, 0, 13, 10, 255, 255, 13, 13, 0, 255, 240, 255, 250, 255],
  ...Array.from({ length: 256 }, (_, byte) => 255 - byte),
]);
const pattern = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255));

/** Descriptors of this process and the processes it started. */
const resources = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean).length,
});

class Collected {
  #chunks: Buffer[] = [];
  length = 0;
  completed = false;
  add(bytes: Uint8Array) {
    this.#chunks.push(Buffer.from(bytes));
    this.length += bytes.length;
  }
  get bytes() {
    return Buffer.concat(this.#chunks);
  }
}
function collect(connection: Connection): Collected {
  const collected = new Collected();
  connection.output.subscribe({
    next: (bytes) => collected.add(bytes),
    complete: () => {
      collected.completed = true;
    },
  });
  return collected;
}
function collectFar(far: Socket): Collected {
  const collected = new Collected();
  far.on("data", (bytes) => collected.add(bytes));
  far.on("end", () => {
    collected.completed = true;
  });
  return collected;
}

describe.each(rows)("$name", (row) => {
  const opened: { connection?: Connection; peer?: Peer } = {};
  afterEach(async () => {
    await opened.connection?.close();
    await opened.peer?.stop();
    delete opened.connection;
    delete opened.peer;
  });
  const options = () => ({ signal: new AbortController().signal, clock: new RealClock() });
  const open = async () => {
    const peer = await row.peer();
    opened.peer = peer;
    const connection = await openConnection(peer.words, options());
    opened.connection = connection;
    const received = collect(connection);
    const far = await peer.far();
    return { peer, connection, received, far };
  };

  test("is the transport of its words", async () => {
    const peer = await row.peer();
    expect(transportFor(peer.words).name).toBe(row.transport);
    await peer.stop();
  });

  test("carries all bytes, both ways", async () => {
    const { connection, received, far } = await open();
    const farReceived = collectFar(far);
    // ser2net opens the serial line when its client comes; what is written before is lost.
    far.write("x");
    await until("the line is open", () => received.length >= 1);
    far.write(ALL_BYTES);
    await connection.write(ALL_BYTES);
    await until("all came to us", () => received.length >= 1 + ALL_BYTES.length);
    await until("all came to the peer", () => farReceived.length >= ALL_BYTES.length);
    expect(received.bytes.subarray(1)).toEqual(ALL_BYTES);
    expect(farReceived.bytes).toEqual(ALL_BYTES);
  });

  test("carries much, and holds the peer back while paused", async () => {
    const { connection, received, far } = await open();
    far.write("x");
    await until("the line is open", () => received.length >= 1);
    const sent = pattern(row.big);
    far.write(sent);
    await until("something came", () => received.length > 1);
    connection.pause();
    // What is on its way still comes; then nothing more does.
    let length = -1;
    await until("the output stands still", async () => {
      const stood = received.length === length;
      length = received.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return stood;
    });
    const paused = received.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received.length).toBe(paused);
    expect(paused).toBeLessThan(row.big);
    connection.resume();
    await until("all came", () => received.length > row.big, 15_000);
    expect(received.bytes.subarray(1).equals(sent)).toBe(true);
  });

  test("writes much, in order", async () => {
    const { connection, received, far } = await open();
    const farReceived = collectFar(far);
    far.write("x");
    await until("the line is open", () => received.length >= 1);
    const sent = pattern(Math.min(row.big, 1e6));
    far.pause();
    setTimeout(() => far.resume(), 50);
    const step = 10_007;
    for (let at = 0; at < sent.length; at += step) await connection.write(sent.subarray(at, at + step));
    await until("all came to the peer", () => farReceived.length >= sent.length, 15_000);
    expect(farReceived.bytes.equals(sent)).toBe(true);
  });

  test("the peer's end completes the output, after all of it", async () => {
    const { connection, received, far } = await open();
    far.write("x");
    await until("the line is open", () => received.length >= 1);
    far.end("last words");
    const reason = await connection.closed;
    expect(reason.kind).toBe(row.peerCloses);
    expect(reason.message).not.toBe("");
    expect(received.completed).toBe(true);
    if (row.name !== "telnet, ser2net before a serial line" && row.transport !== "serial-port")
      expect(received.bytes.toString()).toBe("xlast words");
    await expect(connection.write(Buffer.from("x"))).rejects.toThrow(ConnectionClosedError);
  });

  test("closing ends both sides, and may be asked twice", async () => {
    const { connection, received, far } = await open();
    const farReceived = collectFar(far);
    await Promise.all([connection.close(), connection.close()]);
    expect(await connection.closed).toMatchObject({ kind: "closed" });
    expect(received.completed).toBe(true);
    await expect(connection.write(Buffer.from("x"))).rejects.toThrow(ConnectionClosedError);
    await expect(connection.write(Buffer.from("x"))).rejects.toThrow(/is closed: closed by the dispatcher/);
    if (row.transport !== "serial-port" && !row.name.includes("ser2net"))
      await until("the peer sees the end", () => farReceived.completed);
  });

  test("an abort during connect rejects with its reason", async () => {
    const peer = await row.peer();
    opened.peer = peer;
    const controller = new AbortController();
    const connecting = openConnection(peer.words, { ...options(), signal: controller.signal });
    controller.abort(new Error("out of time"));
    await expect(connecting).rejects.toThrow("out of time");
    await expect(openConnection(peer.words, { ...options(), signal: controller.signal })).rejects.toThrow(
      "out of time",
    );
  });

  test("what cannot be connected is an InfrastructureError with advice", async () => {
    const { words, message, advice } = await row.refused();
    const error = await openConnection(words, options()).catch((caught) => caught);
    expect(error).toBeInstanceOf(InfrastructureError);
    expect(error.message).toMatch(message);
    expect(error.advice).toMatch(advice);
  });

  test("leaks neither descriptors nor processes", async () => {
    const peer = await row.peer();
    opened.peer = peer;
    // The first connection loads native modules, which keep descriptors of their own.
    const first = await openConnection(peer.words, options());
    first.output.subscribe();
    await (await peer.far()).write("x");
    await first.close();
    await peer.stop();
    const before = resources();
    for (let round = 0; round < 5; round += 1) {
      const again = await row.peer();
      const connection = await openConnection(again.words, options());
      connection.output.subscribe();
      (await again.far()).write("x");
      await connection.write(Buffer.from("y"));
      await connection.close();
      await again.stop();
      await openConnection((await row.refused()).words, options()).catch(() => {});
    }
    opened.peer = { words: [], far: peer.far, stop: async () => {} };
    await until("everything is released", () => {
      const now = resources();
      return now.descriptors <= before.descriptors && now.children <= before.children;
    });
  });
});
