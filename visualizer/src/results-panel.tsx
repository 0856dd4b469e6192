import { clockText } from "./times.js";
import { useTheViewer, useViewer } from "./viewer.js";

/** Results as they came; each leads to its moment. */
export function ResultsPanel() {
  const viewer = useTheViewer();
  const count = useViewer(({ timeline }) => timeline.results.length);
  const verdict = useViewer(({ timeline }) => timeline.verdict);
  const t = useViewer(({ t }) => t);
  const results = viewer.timeline.results.slice(0, count);
  const suites = new Map<string, typeof results>();
  for (const record of results) {
    const name = String(record.result.definition ?? "");
    suites.set(name, [...(suites.get(name) ?? []), record]);
  }
  return (
    <section>
      {verdict && (
        <p>
          Verdict: <b className={`word is-${verdict.result === "pass" ? "done" : "failed"}`}>{verdict.result}</b>
        </p>
      )}
      {count === 0 && <p className="hint">There are no results yet.</p>}
      {[...suites].reverse().map(([name, list]) => (
        <div key={name}>
          <h3>{name}</h3>
          <ul className="results">
            {list.map((record) => (
              <li key={record.seq} className={record.t > t ? "later" : ""}>
                <button type="button" onClick={() => viewer.jump(record.t)}>
                  <time>{clockText(record.t - viewer.start)}</time>
                  <span className={`word result-${record.result.result}`}>{String(record.result.result)}</span>
                  <span>{String(record.result.case)}</span>
                  {record.result.measurement !== undefined && (
                    <small>
                      {String(record.result.measurement)} {String(record.result.units ?? "")}
                    </small>
                  )}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
