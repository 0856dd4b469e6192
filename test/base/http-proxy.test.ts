import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadGot } from "../../src/base/http-client.js";
import { proxyFor } from "../../src/base/http-proxy.js";
import { makeCertificate } from "../support/certificate.js";

describe("the proxy of the environment is the one that Python's requests chooses", () => {
  test.each([
    [{}, "http://a/", null],
    [{ http_proxy: "http://p:3128" }, "http://a/x", "http://p:3128"],
    [{ http_proxy: "http://p:3128" }, "https://a/x", null],
    [{ HTTP_PROXY: "http://P:1" }, "http://a/", "http://P:1"],
    [{ Http_Proxy: "http://p:1" }, "http://a/", "http://p:1"],
    [{ HTTP_PROXY: "http://p:1", http_proxy: "http://q:2" }, "http://a/", "http://q:2"],
    [{ HTTP_PROXY: "http://p:1", http_proxy: "" }, "http://a/", null],
    [{ https_proxy: "http://p:3128" }, "https://a/", "http://p:3128"],
    [{ HTTPS_PROXY: "https://p" }, "https://a/", "https://p"],
    [{ ALL_PROXY: "http://p:9" }, "https://a/", "http://p:9"],
    [{ all_proxy: "http://p:9", http_proxy: "http://q:1" }, "http://a/", "http://q:1"],
    [{ http_proxy: "p:3128" }, "http://a/", "p:3128"],
    [{ http_proxy: "http://p:1", REQUEST_METHOD: "GET" }, "http://a/", "http://p:1"],
    [{ HTTP_PROXY: "http://p:1", REQUEST_METHOD: "GET" }, "http://a/", null],
    [{ http_proxy: "http://p:1", no_proxy: "a" }, "http://a/", null],
    [{ http_proxy: "http://p:1", NO_PROXY: "a" }, "http://a/", null],
    [{ http_proxy: "http://p:1", no_proxy: "", NO_PROXY: "a" }, "http://a/", null],
    [{ http_proxy: "http://p:1", no_proxy: "b", NO_PROXY: "a" }, "http://a/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "b, a" }, "http://A/", null],
    [{ http_proxy: "http://p:1", no_proxy: "example.org" }, "http://files.example.org/", null],
    [{ http_proxy: "http://p:1", no_proxy: ".example.org" }, "http://files.example.org/", null],
    [{ http_proxy: "http://p:1", no_proxy: ".example.org" }, "http://example.org/", null],
    [{ http_proxy: "http://p:1", no_proxy: "example.org" }, "http://badexample.org/", null],
    [{ http_proxy: "http://p:1", no_proxy: "*.example.org" }, "http://a.example.org/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "EXAMPLE.org" }, "http://example.org/", null],
    [{ http_proxy: "http://p:1", no_proxy: "*" }, "http://a/", null],
    [{ http_proxy: "http://p:1", no_proxy: "*,b" }, "http://a/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "a:8080" }, "http://a:8080/", null],
    [{ http_proxy: "http://p:1", no_proxy: "a:8080" }, "http://a/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "127.0.0.1" }, "http://127.0.0.1:99/", null],
    [{ http_proxy: "http://p:1", no_proxy: "127.0.0.1:99" }, "http://127.0.0.1:99/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "10.0.0.0/8" }, "http://10.2.3.4/", null],
    [{ http_proxy: "http://p:1", no_proxy: "10.0.0.0/8" }, "http://11.2.3.4/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "192.168.4.0/22" }, "http://192.168.7.255/", null],
    [{ http_proxy: "http://p:1", no_proxy: "192.168.4.0/22" }, "http://192.168.8.0/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "10.0.0.0/33,10.0.0.0/0" }, "http://10.2.3.4/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: "0.0.1" }, "http://127.0.0.1/", null],
    [{ http_proxy: "http://p:1", no_proxy: "localhost" }, "http://localhost:1234/", null],
    [{ http_proxy: "http://p:1", no_proxy: "::1" }, "http://[::1]:80/", null],
    [{ http_proxy: "http://p:1", no_proxy: "[::1]" }, "http://[::1]:81/", "http://p:1"],
    [{ http_proxy: "http://p:1", no_proxy: ",, ," }, "http://a/", "http://p:1"],
    [{ http_proxy: "http://user:pw@p:1" }, "http://a/", "http://user:pw@p:1"],
    [{ no_proxy: "a", ALL_PROXY: "http://p:1" }, "https://a/", null],
  ] as [NodeJS.ProcessEnv, string, string | null][])("%j: %s", (env, url, proxy) => {
    const wanted = proxy && new URL(proxy.includes("://") ? proxy : `http://${proxy}`).href;
    expect(proxyFor(new URL(url), env)?.href ?? null).toBe(wanted);
  });

  test("one that does not speak HTTP is an error that says so, without its password", () => {
    const env = { http_proxy: "socks5://user:letmein@p:1080" };
    expect(() => proxyFor(new URL("http://a/"), env)).toThrow(
      "the http proxy of the environment is none that speaks HTTP (socks5://p:1080)",
    );
  });
});

describe("requests by a proxy", () => {
  const folder = mkdtempSync(join(tmpdir(), "http-proxy-"));
  const certificate = makeCertificate(folder);
  const seen: string[] = [];
  const servers: Server[] = [];
  let refuse = false;
  let [proxy, plain, secure] = ["", "", ""];
  const listen = async (server: Server) => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const authorized = ({ headers }: IncomingMessage) =>
    Buffer.from(headers["proxy-authorization"]?.replace("Basic ", "") ?? "", "base64").toString("latin1");

  beforeAll(async () => {
    const page = (name: string) => (request: IncomingMessage, reply: import("node:http").ServerResponse) => {
      if (request.url === "/away") reply.writeHead(302, { location: `${secure}/there` }).end();
      else reply.end(`${name} ${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    };
    plain = `http://127.0.0.1:${await listen(createServer(page("plain")))}`;
    secure = `https://localhost:${await listen(createTlsServer(certificate, page("secure")) as Server)}`;
    const server = createServer(async (request, reply) => {
      seen.push(`${request.method} ${request.url} host ${request.headers.host} by ${authorized(request)}`);
      if (refuse) return void reply.writeHead(403, "Not here").end();
      const { "proxy-authorization": _, ...headers } = request.headers as { [name: string]: string };
      const answer = await fetch(request.url ?? "", { method: request.method ?? "GET", headers, redirect: "manual" });
      reply.writeHead(answer.status, { location: answer.headers.get("location") ?? "" }).end(await answer.text());
    });
    server.on("connect", (request, socket) => {
      seen.push(`${request.method} ${request.url} by ${authorized(request)}`);
      if (refuse) return void socket.end("HTTP/1.1 403 Not here\r\n\r\n");
      const [host, port] = (request.url ?? "").split(":");
      const target = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      for (const end of [target, socket]) end.on("error", () => {});
    });
    proxy = `http://user:p%40ss@127.0.0.1:${await listen(server)}`;
  });
  beforeEach(() => {
    seen.length = 0;
    refuse = false;
  });
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (url: string, env: NodeJS.ProcessEnv) => {
    const { got } = await loadGot(env);
    const https = { certificateAuthority: certificate.cert };
    return (await got(url, { https, retry: { limit: 0 }, throwHttpErrors: false })).body;
  };

  test("http: it is told the whole URL and who asks; the server hears nothing of that", async () => {
    expect(await ask(`${plain}/x?y=1`, { http_proxy: proxy })).toBe("plain GET /x?y=1 -");
    expect(seen).toEqual([`GET ${plain}/x?y=1 host ${new URL(plain).host} by user:p@ss`]);
  });
  test("https: it connects, and the server's certificate is checked", async () => {
    expect(await ask(`${secure}/x`, { HTTPS_PROXY: proxy })).toBe("secure GET /x -");
    expect(seen).toEqual([`CONNECT ${new URL(secure).host} by user:p@ss`]);
    const { got } = await loadGot({ https_proxy: proxy });
    await expect(got(`${secure}/x`, { retry: { limit: 0 } })).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|CERT/),
    });
  });
  test("a redirection is asked for by the proxy of its own scheme", async () => {
    expect(await ask(`${plain}/away`, { http_proxy: proxy, https_proxy: proxy })).toBe("secure GET /there -");
    expect(seen.map((line) => line.split(" ")[0])).toEqual(["GET", "CONNECT"]);
    seen.length = 0;
    expect(await ask(`${plain}/away`, { https_proxy: proxy })).toBe("secure GET /there -");
    expect(seen.map((line) => line.split(" ")[0])).toEqual(["CONNECT"]);
  });
  test("what no_proxy leaves out is asked directly", async () => {
    expect(await ask(`${plain}/x`, { http_proxy: proxy, NO_PROXY: "localhost,127.0.0.0/8" })).toBe("plain GET /x -");
    expect(seen).toEqual([]);
  });
  test("a proxy that refuses, and one that is not there, are named as what they are", async () => {
    refuse = true;
    const shown = proxy.replace("user:p%40ss@", "");
    await expect(ask(`${secure}/x`, { https_proxy: proxy })).rejects.toThrow(
      `the proxy ${shown} does not connect to ${new URL(secure).host}: it answered 403 Not here`,
    );
    expect(await ask(`${plain}/x`, { http_proxy: proxy })).toBe("");
    const nobody = "http://user:secret@127.0.0.1:1";
    for (const url of [plain, secure])
      await expect(ask(url, { all_proxy: nobody })).rejects.toThrow(
        /^the proxy http:\/\/127\.0\.0\.1:1 cannot be reached \(connect ECONNREFUSED/,
      );
  });
});
