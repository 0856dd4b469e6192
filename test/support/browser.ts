/** Headless Chromium, and pages that fail a test for every error in their console. */
import { mkdirSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { findProgram } from "../../src/services/programs.js";
import { inRoot } from "./workspace.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const program = ["chromium", "google-chrome"]
  .map((name) => findProgram(name, process.env))
  .find((path) => path !== undefined);
/** Why no page can be opened here. */
export const whyNoBrowser = program ? undefined : "neither chromium nor google-chrome is installed";

export const startBrowser = (): Promise<Browser> => {
  if (!program) throw new Error(whyNoBrowser);
  return chromium.launch({ executablePath: program, args: FLAGS });
};

export interface OpenPage {
  page: Page;
  /** Errors and warnings of the page, and addresses that it asked for outside its own. */
  complaints: string[];
}

export interface PageOptions {
  width?: number;
  height?: number;
  dark?: boolean;
  /** Addresses that are not answered, as a pattern. */
  without?: string;
  /** What is there when the page is ready (default: the chart). */
  ready?: string;
}

/** Opens an address and waits until the page is ready. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const { width = 1280, height = 800, dark = false, without, ready = ".react-flow__node" } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  const own = new URL(url);
  page.on("request", (request) => {
    const asked = new URL(request.url());
    const inside = asked.protocol === "data:" || asked.protocol === "blob:" || asked.host === own.host;
    if (!inside || (own.protocol === "file:" && asked.href !== own.href && asked.protocol === "file:"))
      complaints.push(`asked for ${request.url()}`);
  });
  if (without !== undefined) await page.route(without, (route) => route.abort());
  await page.goto(url);
  await page.waitForSelector(ready, { timeout: 60_000 });
  return { page, complaints };
}

/** Keeps a picture for people to look at: test/screenshots, which is not committed. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(inRoot("test/screenshots"), { recursive: true });
  await page.waitForTimeout(400);
  await page.screenshot({ path: inRoot("test/screenshots", `${name}.png`) });
}
