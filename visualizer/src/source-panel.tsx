import { useEffect, useRef } from "react";
import { useTheViewer, useViewer } from "./viewer.js";

/** The job's YAML, at the line of what is selected. */
export function SourcePanel() {
  const viewer = useTheViewer();
  const files = Object.keys(viewer.view.sources);
  const source = useViewer(({ source }) => source);
  const file = source && viewer.view.sources[source.file] !== undefined ? source.file : files[0];
  const line = source?.file === file ? source?.line : undefined;
  const marked = useRef<HTMLSpanElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another line is what asks for the move
  useEffect(() => marked.current?.scrollIntoView({ block: "center" }), [line, file]);
  if (file === undefined)
    return <p className="hint">The job's YAML is not at hand: start this page where the job file is.</p>;
  return (
    <section className="source">
      {files.length > 1 ? (
        <select aria-label="File" value={file} onChange={(event) => viewer.showSource(event.target.value, 1)}>
          {files.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      ) : (
        <h3>{file}</h3>
      )}
      <pre>
        {(viewer.view.sources[file] ?? "").split("\n").map((text, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
          <span key={i} className={i + 1 === line ? "line marked" : "line"} ref={i + 1 === line ? marked : undefined}>
            <i>{i + 1}</i>
            {text}
            {"\n"}
          </span>
        ))}
      </pre>
    </section>
  );
}
