/** What an editor shows of a YAML file: the language server of VS Code's YAML extension, spoken to as an editor does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const SERVER = join(
  dirname(createRequire(import.meta.url).resolve("yaml-language-server/package.json")),
  "bin/yaml-language-server",
);

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
}

export interface Diagnostic {
  range: { start: { line: number } };
  message: string;
}

/**
 * Starts the server on a folder.
 * @param settings the editor's settings.json, whose keys begin with `yaml.`
 */
export async function openEditor(folder: string, settings: { [key: string]: unknown }) {
  const child = spawn(process.execPath, [SERVER, "--stdio"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map<number, (result: unknown) => void>();
  const diagnostics = new Map<string, (found: Diagnostic[]) => void>();
  const root = pathToFileURL(folder).href;
  const yaml = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key.replace(/^yaml\./, ""), value]));
  let ids = 0;
  const send = (message: Message) => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const ask = (method: string, params: unknown): Promise<unknown> => {
    const id = ++ids;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    send({ id, method, params });
    return answer;
  };
  const take = ({ id, method, params, result }: Message) => {
    if (method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics: found } = params as { uri: string; diagnostics: Diagnostic[] };
      diagnostics.get(uri)?.(found);
    } else if (method === "workspace/configuration" && id !== undefined) {
      const { items } = params as { items: { section: string }[] };
      send({ id, result: items.map(({ section }) => (section === "yaml" ? yaml : null)) });
    } else if (method !== undefined && id !== undefined) send({ id, result: null });
    else if (id !== undefined) waiting.get(id)?.(result);
  };
  let rest = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf("\r\n\r\n");
      const length = Number(/^Content-Length: (\d+)/.exec(rest.toString("latin1", 0, Math.max(end, 0)))?.[1]);
      if (end < 0 || rest.length < end + 4 + length) return;
      take(JSON.parse(rest.toString("utf8", end + 4, end + 4 + length)));
      rest = rest.subarray(end + 4 + length);
    }
  });
  await ask("initialize", {
    processId: process.pid,
    rootUri: root,
    workspaceFolders: [{ uri: root, name: "jobs" }],
    capabilities: { workspace: { configuration: true, workspaceFolders: true }, textDocument: { hover: {} } },
  });
  send({ method: "initialized", params: {} });

  return {
    /** Opens a file (relative name) with this text; the problems that are underlined in it. */
    open(name: string, text: string): Promise<Diagnostic[]> {
      const uri = pathToFileURL(join(folder, name)).href;
      const found = new Promise<Diagnostic[]>((resolve) => diagnostics.set(uri, resolve));
      send({
        method: "textDocument/didOpen",
        params: { textDocument: { uri, languageId: "yaml", version: 1, text } },
      });
      return found;
    },
    /** What is shown for the place: lines and characters count from 0. */
    async hover(name: string, line: number, character: number): Promise<string> {
      const uri = pathToFileURL(join(folder, name)).href;
      const shown = await ask("textDocument/hover", { textDocument: { uri }, position: { line, character } });
      return (shown as { contents?: { value?: string } } | null)?.contents?.value ?? "";
    },
    async completions(name: string, line: number, character: number): Promise<string[]> {
      const uri = pathToFileURL(join(folder, name)).href;
      const shown = await ask("textDocument/completion", { textDocument: { uri }, position: { line, character } });
      return (shown as { items: { label: string }[] }).items.map(({ label }) => label);
    },
    async close(): Promise<void> {
      await ask("shutdown", null);
      send({ method: "exit" });
      await once(child, "exit");
    },
  };
}
