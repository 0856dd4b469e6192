import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceEnvironmentService } from "../../src/services/device-environment.js";
import { dispatcherIp, type HostNetwork } from "../../src/services/dispatcher-ip.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext({ env: { PATH: "/bin", LANG: "C" } });
});
afterEach(() => context.cleanup());

describe("device-environment", () => {
  const run = async (env_dut: string) => (await context.use(deviceEnvironmentService, { env_dut }))?.data?.environment;

  it("removes from and adds to the dispatcher's own environment", async () => {
    expect(
      await run("removes: [LANG, NONE]\noverrides: {HTTP_PROXY: 'http://proxy', COUNT: 3, EMPTY: null}\n"),
    ).toEqual({
      PATH: "/bin",
      HTTP_PROXY: "http://proxy",
      COUNT: "3",
      EMPTY: "",
    });
  });

  it("starts from nothing with purge", async () => {
    expect(await run("purge: true\noverrides: {A: b}\n")).toEqual({ A: "b" });
  });

  it("exports nothing when there is no such file", async () => {
    expect(await context.use(deviceEnvironmentService, {})).toBeUndefined();
    expect(await context.use(deviceEnvironmentService, { env_dut: null })).toBeUndefined();
  });

  it.each(["- a", "a: [", "purge: perhaps", "removes: A", "overrides: [A]", "overrides: {'A B': 1}"])(
    "refuses %j",
    async (text) => {
      await expect(run(text)).rejects.toMatchObject({ name: "ConfigurationError" });
    },
  );
});

describe("dispatcherIp", () => {
  const ROUTES =
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
    "eth1\t00000000\t0101A8C0\t0003\t0\t0\t200\t00000000\n" +
    "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\n" +
    "lo\t00000000\t00000000\t0001\t0\t0\t0\t00000000\n" +
    "eth2\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n";
  const address = (family: "IPv4" | "IPv6", address: string) => ({ family, address }) as never;
  const host = (routes: string): HostNetwork => ({
    routes: () => routes,
    interfaces: () => ({
      eth0: [address("IPv6", "fe80::1"), address("IPv4", "10.0.0.5")],
      eth1: [address("IPv4", "192.168.1.5")],
    }),
  });

  it("prefers the protocol's own setting, then the general one", () => {
    const settings = { dispatcher_ip: "1.2.3.4", dispatcher_nfs_ip: "5.6.7.8" };
    expect(dispatcherIp(settings, "nfs", host(ROUTES))).toBe("5.6.7.8");
    expect(dispatcherIp(settings, "http", host(ROUTES))).toBe("1.2.3.4");
    expect(dispatcherIp(settings, undefined, host(ROUTES))).toBe("1.2.3.4");
  });

  it("takes the IPv4 address of the best default route's interface", () => {
    expect(dispatcherIp({}, undefined, host(ROUTES))).toBe("10.0.0.5");
  });

  it("says what to set when there is no such route", () => {
    const unreachable: HostNetwork = {
      routes: () => {
        throw new Error("no such file");
      },
      interfaces: () => ({}),
    };
    for (const network of [host("Iface\n"), unreachable])
      expect(() => dispatcherIp({}, "tftp", network)).toThrow(
        expect.objectContaining({ name: "InfrastructureError", advice: expect.stringContaining("dispatcher_ip") }),
      );
  });
});
