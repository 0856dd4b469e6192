import { DataPanel } from "./data-panel.js";
import { ResultsPanel } from "./results-panel.js";
import { SourcePanel } from "./source-panel.js";
import { StatePanel } from "./state-panel.js";
import { Tabs } from "./tabs.js";
import { TimeoutsPanel } from "./timeouts-panel.js";
import { type Panel, useTheViewer, useViewer } from "./viewer.js";

const PANELS: { [panel in Panel]: { name: string; show: () => React.ReactNode; run?: true } } = {
  state: { name: "State", show: () => <StatePanel /> },
  data: { name: "Data", show: () => <DataPanel />, run: true },
  results: { name: "Results", show: () => <ResultsPanel />, run: true },
  timeouts: { name: "Timeouts", show: () => <TimeoutsPanel /> },
  source: { name: "YAML", show: () => <SourcePanel /> },
};

/** The inspector's side: what is known of what is selected, and of the moment. */
export function SidePanel() {
  const viewer = useTheViewer();
  const panel = useViewer(({ panel }) => panel);
  const names = Object.fromEntries(
    Object.entries(PANELS).flatMap(([key, { name, run }]) => (run && !viewer.hasRun ? [] : [[key, name]])),
  ) as { [key in Panel]: string };
  return (
    <aside className="side" aria-label="Inspector">
      <Tabs label="Inspector" names={names} value={panel} onChange={(next) => viewer.set({ panel: next })} />
      <div className="side-body" role="tabpanel" aria-label={PANELS[panel].name}>
        {PANELS[panel].show()}
      </div>
    </aside>
  );
}
