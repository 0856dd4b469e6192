import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, globalAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { ownAuthorities } from "../../src/base/http-client.js";
import { makeCertificate } from "../support/certificate.js";

const folder = mkdtempSync(join(tmpdir(), "http-client-"));
const { key, cert, authority } = makeCertificate(folder);
const server = createServer({ key, cert }, (_, reply) => reply.end("hello"));
beforeEach(() => {
  vi.resetModules();
  delete globalAgent.options.ca;
});
afterAll(() => {
  delete globalAgent.options.ca;
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the authorities that the environment names for Python's requests are trusted, and nobody else", async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ask = async (env: NodeJS.ProcessEnv) => {
    vi.resetModules();
    const { loadGot } = await import("../../src/base/http-client.js");
    const { got } = await loadGot(env);
    return (await got(`https://localhost:${(server.address() as AddressInfo).port}/`, { retry: { limit: 0 } })).body;
  };
  await expect(ask({})).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|CERT/) });
  expect(await ask({ REQUESTS_CA_BUNDLE: authority })).toBe("hello");
  delete globalAgent.options.ca;
  expect(await ask({ CURL_CA_BUNDLE: authority })).toBe("hello");
});

test("those that an administrator put into a folder are found, folders in it too", () => {
  mkdirSync(join(folder, "own/lab"), { recursive: true });
  for (const name of ["own/a.crt", "own/lab/b.crt", "own/README"]) writeFileSync(join(folder, name), "");
  expect(ownAuthorities(join(folder, "own")).map(({ file }) => file)).toEqual(
    ["own/a.crt", "own/lab/b.crt"].map((name) => join(folder, name)),
  );
  expect(ownAuthorities(join(folder, "none"))).toEqual([]);
});
