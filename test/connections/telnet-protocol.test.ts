import { describe, expect, test } from "vitest";
import { TelnetProtocol } from "../../src/connections/telnet-protocol.js";

const IAC = 255;
const [DONT, DO, WONT, WILL, SB, SE] = [254, 253, 252, 251, 250, 240];
const [BINARY, ECHO, SGA, TERMINAL_TYPE, COM_PORT] = [0, 1, 3, 24, 44];

/** Receives bytes in chunks of a size. */
function receive(telnet: TelnetProtocol, bytes: number[], cut = bytes.length) {
  const data: number[] = [];
  const answer: number[] = [];
  for (let at = 0; at < bytes.length; at += cut) {
    const got = telnet.receive(Uint8Array.from(bytes.slice(at, at + cut)));
    data.push(...got.data);
    answer.push(...got.answer);
  }
  return { data, answer };
}
const pairs = (answer: number[]) => {
  const out: string[] = [];
  for (let at = 0; at < answer.length; at += 3) out.push(answer.slice(at, at + 3).join(" "));
  return out;
};

describe("telnet (RFC 854, 1143)", () => {
  test("a peer that never negotiates is asked nothing, and its bytes are left alone", () => {
    const telnet = new TelnetProtocol();
    expect(receive(telnet, [0, 13, 0, 13, 10, 254, IAC, IAC, 65])).toEqual({
      data: [0, 13, 0, 13, 10, 254, 255, 65],
      answer: [],
    });
    expect([...telnet.send(Uint8Array.from([13, 255, 10]))]).toEqual([13, 255, 255, 10]);
    expect(telnet.negotiated).toBe(false);
  });

  test("echo, go-ahead and binary are agreed, everything else refused", () => {
    const telnet = new TelnetProtocol();
    const offers = [
      IAC,
      WILL,
      ECHO,
      IAC,
      WILL,
      SGA,
      IAC,
      WILL,
      COM_PORT,
      IAC,
      DO,
      TERMINAL_TYPE,
      IAC,
      DO,
      SGA,
      IAC,
      DO,
      ECHO,
    ];
    const { data, answer } = receive(telnet, [65, ...offers, 66]);
    expect(data).toEqual([65, 66]);
    expect(pairs(answer)).toEqual([
      `${IAC} ${DO} ${ECHO}`,
      `${IAC} ${WILL} ${BINARY}`,
      `${IAC} ${DO} ${BINARY}`,
      `${IAC} ${DO} ${SGA}`,
      `${IAC} ${DONT} ${COM_PORT}`,
      `${IAC} ${WONT} ${TERMINAL_TYPE}`,
      `${IAC} ${WILL} ${SGA}`,
      `${IAC} ${WONT} ${ECHO}`,
    ]);
  });

  test("agreement is not confirmed again: two ends never loop", () => {
    const [us, them] = [new TelnetProtocol(), new TelnetProtocol()];
    let toThem = us.receive(Uint8Array.from([IAC, WILL, ECHO, IAC, DO, BINARY, IAC, WILL, BINARY])).answer;
    let rounds = 0;
    for (let toUs: Uint8Array; toThem.length > 0; rounds += 1) {
      toUs = them.receive(toThem).answer;
      toThem = us.receive(toUs).answer;
    }
    expect(rounds).toBeLessThanOrEqual(3);
    expect(us.receive(Uint8Array.from([IAC, WILL, BINARY, IAC, DO, BINARY])).answer).toHaveLength(0);
  });

  test("an option that goes off is confirmed once, a refusal of what we asked not at all", () => {
    const telnet = new TelnetProtocol();
    receive(telnet, [IAC, WILL, ECHO]);
    expect(receive(telnet, [IAC, DONT, BINARY, IAC, WONT, BINARY, IAC, WONT, SGA]).answer).toEqual([]);
    expect(receive(telnet, [IAC, WONT, ECHO]).answer).toEqual([IAC, DONT, ECHO]);
    expect(receive(telnet, [IAC, WONT, ECHO]).answer).toEqual([]);
  });

  test("commands and subnegotiations are skipped, however they are cut", () => {
    const bytes = [
      65,
      IAC,
      241,
      66,
      IAC,
      SB,
      COM_PORT,
      1,
      IAC,
      IAC,
      13,
      0,
      IAC,
      SE,
      67,
      IAC,
      249,
      IAC,
      IAC,
      IAC,
      DO,
      99,
      68,
    ];
    for (let cut = 1; cut <= bytes.length; cut += 1)
      expect(receive(new TelnetProtocol(), bytes, cut).data).toEqual([65, 66, 67, 255, 68]);
  });

  test("CR NUL is CR until the line is binary, both ways", () => {
    for (const cut of [1, 2, 100]) {
      const telnet = new TelnetProtocol();
      receive(telnet, [IAC, WILL, ECHO]);
      expect(receive(telnet, [13, 0, 13, 10, 13, 13, 0, 65, 0], cut).data).toEqual([13, 13, 10, 13, 13, 65, 0]);
      expect([...telnet.send(Uint8Array.from([13, 10, 13, 65, 13]))]).toEqual([13, 10, 13, 0, 65, 13, 0]);
      receive(telnet, [IAC, DO, BINARY, IAC, WILL, BINARY]);
      expect(receive(telnet, [13, 0, 13, 10], cut).data).toEqual([13, 0, 13, 10]);
      expect([...telnet.send(Uint8Array.from([13, 65]))]).toEqual([13, 65]);
    }
  });
});
