import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import type { ConsoleTape } from "../../src/visualize/console-tape.js";
import { durationText } from "../../src/visualize/graph-types.js";
import { useTheViewer, useViewer } from "./viewer.js";

/** After a jump the terminal is written anew with at most this many characters: more would not be kept anyhow. */
const LAST = 400_000;
const SCROLLBACK = 5000;

/** The console as the board had printed it at that moment. What it printed is shown, and never answered or run. */
export function ConsolePanel() {
  const viewer = useTheViewer();
  const [name, setName] = useState("");
  const tape = viewer.tape.consoles.get(name) ?? viewer.tape;
  const position = useViewer(({ t }) => tape.lengthAt(t));
  const skipped = useViewer(({ skipped }) => skipped.console);
  // The terminal is made after the chart is on the screen: it takes a while.
  const painted = useViewer(({ painted }) => painted);
  return (
    <div className="console" data-position={position}>
      {skipped && <p className="note">The first {Math.round(skipped / 1048576)} MiB of the console are not shown.</p>}
      <Choice name={name} onChange={setName} />
      {painted ? <BoardTerminal key={name} tape={tape} position={position} /> : <div className="terminal" />}
      <LastInput tape={tape} />
    </div>
  );
}

/** Of several boards which one is shown; of one nothing. */
function Choice({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const viewer = useTheViewer();
  const count = useViewer(({ tape }) => tape.consoles.size);
  if (count < 2) return null;
  return (
    <p className="choice">
      <select aria-label="Which console" value={name} onChange={(event) => onChange(event.target.value)}>
        <option value="">all consoles</option>
        {[...viewer.tape.consoles.keys()].map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </p>
  );
}

function BoardTerminal({ tape, position }: { tape: ConsoleTape; position: number }) {
  const host = useRef<HTMLDivElement>(null);
  const dark = useViewer(({ theme }) => isDark(theme));
  const terminal = useRef<Terminal>(undefined);
  const written = useRef(0);

  useEffect(() => {
    if (!host.current) return;
    const term = new Terminal({
      scrollback: SCROLLBACK,
      disableStdin: true,
      cursorBlink: false,
      cursorInactiveStyle: "outline",
      fontSize: 12.5,
      fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
      screenReaderMode: true,
      // Links that a board prints lead nowhere.
      linkHandler: { activate: () => {} },
      windowOptions: {},
    });
    const fit = new FitAddon();
    term.loadAddon(fit);
    term.open(host.current);
    terminal.current = term;
    written.current = 0;
    const resize = new ResizeObserver(() => {
      if (host.current && host.current.clientHeight > 20) fit.fit();
    });
    resize.observe(host.current);
    return () => {
      resize.disconnect();
      term.dispose();
      terminal.current = undefined;
    };
  }, []);

  useEffect(() => {
    if (terminal.current) terminal.current.options.theme = dark ? DARK : LIGHT;
  }, [dark]);

  useEffect(() => {
    const term = terminal.current;
    if (!term) return;
    if (position < written.current || position - written.current > LAST) {
      term.reset();
      written.current = Math.max(0, position - LAST);
    }
    if (position > written.current) term.write(tape.slice(written.current, position));
    written.current = position;
  }, [position, tape]);

  return <div className="terminal" ref={host} />;
}

function LastInput({ tape: { inputs } }: { tape: ConsoleTape }) {
  const input = useViewer(({ t }) => {
    let last: (typeof inputs)[number] | undefined;
    for (let i = inputs.length - 1; i >= 0 && !last; i--) if ((inputs[i]?.t ?? 0) <= t) last = inputs[i];
    return last;
  });
  const ago = useViewer(({ t }) => (input ? Math.round((t - input.t) / 100) / 10 : 0));
  if (!input) return <p className="sent">Nothing was sent yet.</p>;
  return (
    <p className="sent">
      Sent {ago < 60 ? `${ago.toFixed(1)} s` : durationText(ago)} ago:{" "}
      <code>{JSON.stringify(input.text).slice(1, -1) || " "}</code>
    </p>
  );
}

export const isDark = (theme: string): boolean =>
  theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);

const DARK = {
  background: "#0b1220",
  foreground: "#d7e0ee",
  cursor: "#56b4e9",
  selectionBackground: "#33507a",
  black: "#1b2536",
  red: "#ff8a65",
  green: "#4fd1a5",
  yellow: "#f0c04a",
  blue: "#6cb6ff",
  magenta: "#e08ad8",
  cyan: "#5ad1e6",
  white: "#d7e0ee",
  brightBlack: "#6b7a92",
};
const LIGHT = {
  background: "#fbfcfe",
  foreground: "#1a2233",
  cursor: "#0072b2",
  selectionBackground: "#bcd7f5",
  black: "#1a2233",
  red: "#b3310c",
  green: "#00695c",
  yellow: "#7a5200",
  blue: "#0059a8",
  magenta: "#8e1a88",
  cyan: "#00687c",
  white: "#5c6675",
  brightBlack: "#5c6675",
};
