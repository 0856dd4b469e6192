import { describe, expect, test } from "vitest";
import { RealClock } from "../../src/base/clock.js";
import { ConfigurationError } from "../../src/base/errors.js";
import { openConnection, transportFor } from "../../src/connections/index.js";
import { serialSettings } from "../../src/connections/serial-port.js";

const name = (command: string) => transportFor(command.split(" ")).name;

describe("the transport of a command", () => {
  test("is chosen by its words", () => {
    expect(name("telnet localhost 7001")).toBe("telnet");
    expect(name("telnet ser2net-1.lab")).toBe("telnet");
    expect(name("serial:/dev/ttyUSB0?baud=9600")).toBe("serial-port");
    expect(name("serial /dev/ttyUSB0 9600")).toBe("serial-port");
    for (const command of [
      "telnet -8 localhost 7001",
      "telnet localhost ftp",
      "cu -l /dev/ttyUSB0",
      "./connect",
      "ssh root@board",
    ])
      expect(name(command)).toBe("pty-command");
    expect(transportFor(["ssh", "root@board"]).programs(["ssh", "root@board"])).toEqual(["ssh"]);
    expect(transportFor(["telnet", "a"]).programs(["telnet", "a"])).toEqual([]);
  });

  test("an empty command is a ConfigurationError", async () => {
    const options = { signal: new AbortController().signal, clock: new RealClock() };
    await expect(openConnection([], options)).rejects.toThrow(ConfigurationError);
  });
});

describe("settings of a serial port", () => {
  test("default to 115200 8N1", () => {
    expect(serialSettings(["serial:/dev/ttyUSB0"])).toEqual({
      ...{
        path: "/dev/ttyUSB0",
        baudRate: 115200,
        dataBits: 8,
        stopBits: 1,
        parity: "none",
        rtscts: false,
        xon: false,
      },
    });
  });
  test("are read from the words", () => {
    expect(serialSettings(["serial:/dev/ttyS1?baud=9600&data=7&stop=2&parity=even&rtscts=on&dtr=off"])).toEqual({
      ...{ path: "/dev/ttyS1", baudRate: 9600, dataBits: 7, stopBits: 2, parity: "even", rtscts: true, xon: false },
      dtr: false,
    });
    expect(serialSettings(["serial", "/dev/ttyS1", "1500000"])).toMatchObject({
      path: "/dev/ttyS1",
      baudRate: 1500000,
    });
  });
  test("that are wrong are named", () => {
    const wrong = (word: string) => () => serialSettings([word]);
    expect(wrong("serial:/dev/ttyS1?baud=fast")).toThrow(/baud is "fast"/);
    expect(wrong("serial:/dev/ttyS1?parity=mark")).toThrow(/parity is "mark"/);
    expect(wrong("serial:/dev/ttyS1?speed=9600")).toThrow(/"speed" is unknown/);
    expect(wrong("serial:ttyS1")).toThrow(ConfigurationError);
  });
});
