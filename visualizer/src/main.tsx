import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.js";
import { LayoutClient } from "./layout-client.js";
import { openSource } from "./load.js";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/chart.css";
import "./styles/dock.css";
import "./styles/side.css";
import "./styles/phone.css";
import { Viewer, ViewerContext } from "./viewer.js";

const root = createRoot(document.getElementById("root") as HTMLElement);

try {
  const source = await openSource();
  const client = new LayoutClient(source.worker, source.layout);
  const viewer = new Viewer(source.view);
  document.title = `${source.view.title} – lava-dispatch`;
  root.render(
    <StrictMode>
      <ViewerContext value={viewer}>
        <App client={client} />
      </ViewerContext>
    </StrictMode>,
  );
  const stop = viewer.subscribe(() => {
    if (!viewer.painted) return;
    stop();
    if (!viewer.hasRun) return;
    source.stream(
      (piece) => viewer.take(piece),
      (stream) => viewer.set({ stream }),
    );
  });
} catch (error) {
  root.render(<p className="waiting failure">The page cannot be shown: {(error as Error).message}</p>);
}
