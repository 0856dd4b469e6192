import { useEffect, useState } from "react";
import { ChartView } from "./chart-view.js";
import { ConsolePanel, isDark } from "./console-panel.js";
import { HelpButton } from "./help.js";
import { Icon } from "./icons.js";
import type { LayoutClient } from "./layout-client.js";
import { LogPanel } from "./log-panel.js";
import { Scrubber } from "./scrubber.js";
import { Search } from "./search.js";
import { SidePanel } from "./side-panel.js";
import { Tabs } from "./tabs.js";
import { clockText } from "./times.js";
import { type Dock, type Theme, useTheViewer, useViewer } from "./viewer.js";

const THEMES: { [theme in Theme]: Theme } = { auto: "dark", dark: "light", light: "auto" };
const DOCKS = { console: "Console", log: "Log" };
const VIEWS = { chart: "Chart", dock: "Console", side: "Inspector" };
type View = keyof typeof VIEWS;

export function App({ client }: { client: LayoutClient }) {
  const viewer = useTheViewer();
  const [view, setView] = useState<View>("chart");
  useTheme();
  useKeys();
  return (
    <div className={`app ${viewer.hasRun ? "with-run" : "without-run"} view-${view}`}>
      <header>
        <Title />
        <Search />
        <ThemeButton />
        <HelpButton />
      </header>
      <nav className="views">
        <Tabs
          label="Part of the page"
          names={viewer.hasRun ? VIEWS : { chart: VIEWS.chart, side: VIEWS.side, dock: "" }}
          value={view}
          onChange={setView}
        />
      </nav>
      <main>
        <ChartView client={client} />
        {viewer.hasRun && <DockView />}
      </main>
      <SidePanel />
      {viewer.hasRun && <Scrubber />}
      <Announcer />
    </div>
  );
}

function Title() {
  const viewer = useTheViewer();
  const header = useViewer(({ timeline }) => timeline.header);
  const state = useViewer(({ stream }) => stream);
  const live = useViewer(({ live }) => live);
  const verdict = useViewer(({ timeline }) => timeline.verdict);
  const broken = useViewer(({ timeline, tape }) => timeline.broken + tape.broken);
  const word = !viewer.hasRun
    ? undefined
    : verdict
      ? verdict.error
        ? verdict.error.class
        : verdict.result
      : live
        ? state === "lost"
          ? "connection lost"
          : "running"
        : "broken off";
  return (
    <div className="job-title">
      <h1>{viewer.view.title}</h1>
      {header && (
        <span className="about">
          job {header.job_id} on {header.device}
        </span>
      )}
      {word && (
        <span
          className={`badge ${verdict ? (verdict.result === "pass" ? "is-done" : "is-failed") : live ? "is-active" : "is-failed"}`}
        >
          <Icon name={verdict?.result === "pass" ? "check" : live ? "dot" : "cross"} size={11} /> {word}
        </span>
      )}
      {viewer.view.report && !live && (
        <a className="report-link" href="report.html" target="_blank" rel="noreferrer">
          Report
        </a>
      )}
      {!viewer.view.whole && (
        <span
          className="badge"
          title="The run left no chart.json, and its job.yaml and device.yaml do not stand beside the journal: only the tree of its actions is known."
        >
          actions only
        </span>
      )}
      {broken > 0 && <span className="badge is-failed">{broken} lines cannot be read</span>}
    </div>
  );
}

function DockView() {
  const viewer = useTheViewer();
  const dock = useViewer(({ dock }) => dock);
  return (
    <section className="dock" aria-label="Console and log">
      <Tabs label="Console and log" names={DOCKS} value={dock} onChange={(next: Dock) => viewer.set({ dock: next })} />
      <div className="dock-body" role="tabpanel" aria-label={DOCKS[dock]}>
        {dock === "console" ? <ConsolePanel /> : <LogPanel />}
      </div>
    </section>
  );
}

function ThemeButton() {
  const viewer = useTheViewer();
  const theme = useViewer(({ theme }) => theme);
  return (
    <button
      type="button"
      className="theme"
      title={`Colours: ${theme} (t)`}
      aria-label={`Colours: ${theme}`}
      onClick={() => viewer.set({ theme: THEMES[theme] })}
    >
      <Icon name="sun" /> <span>{theme}</span>
    </button>
  );
}

function useTheme() {
  const theme = useViewer(({ theme }) => theme);
  useEffect(() => {
    const apply = () => {
      document.documentElement.dataset.theme = isDark(theme) ? "dark" : "light";
    };
    apply();
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", apply);
    return () => system.removeEventListener("change", apply);
  }, [theme]);
}

/** Keys that mean the same everywhere on the page. */
function useKeys() {
  const viewer = useTheViewer();
  useEffect(() => {
    const keys: { [key: string]: () => void } = {
      "[": () => viewer.step(-1),
      "]": () => viewer.step(1),
      p: () => viewer.set({ playing: !viewer.playing, follow: true }),
      l: () => viewer.toEnd(),
      t: () => viewer.set({ theme: THEMES[viewer.theme] }),
      Home: () => viewer.seek(viewer.start),
      End: () => viewer.toEnd(),
    };
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest("input:not([type=range]), select, textarea")) return;
      const action = keys[event.key];
      if (action && (viewer.hasRun || event.key === "t")) {
        event.preventDefault();
        action();
        return;
      }
      // The chart's keys work wherever nothing else has the focus.
      if (target === document.body)
        document
          .querySelector<HTMLElement>(".chart")
          ?.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: true }));
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [viewer]);
}

/** Says aloud what is selected and what the job is in. */
function Announcer() {
  const selected = useViewer(({ selected, graph }) => {
    const node = graph.nodes.get(selected ?? "");
    return node ? [node.level, node.label, node.detail].filter(Boolean).join(" ") : "";
  });
  const leaf = useViewer(({ playing, moment, activeLeaf, t, start }) =>
    playing || !moment ? "" : `${clockText(t - start)}: ${activeLeaf?.split(".").at(-1) ?? ""}`,
  );
  return (
    <div className="sr-only" aria-live="polite">
      {selected || leaf}
    </div>
  );
}
