import type { ExplainedAction } from "../../src/pipeline/explain.js";
import { durationText } from "../../src/visualize/graph-types.js";
import { useTheViewer, useViewer } from "./viewer.js";

interface Row {
  level: string;
  name: string;
  seconds: number;
  explained?: ExplainedAction;
}

/** What `explain` says: each action's timeout, the rule that gave it, and whether its attempts fit. */
export function TimeoutsPanel() {
  const viewer = useTheViewer();
  const { explanation } = viewer.view;
  const selected = useViewer(({ selected }) => selected);
  const rows: Row[] = explanation
    ? flatten(explanation.actions)
    : [...viewer.byLevel.values()].map(({ level = "", label, timeout = 0 }) => ({
        level,
        name: label,
        seconds: timeout,
      }));
  return (
    <section>
      {explanation && (
        <p>
          The job may take {durationText(explanation.job_timeout.seconds)} ({explanation.job_timeout.rule}); at worst it
          takes {durationText(explanation.worst_case.seconds)}.
        </p>
      )}
      {!explanation && <p className="hint">This run has no explanation of its timeouts, only their values.</p>}
      <table>
        <thead>
          <tr>
            <th>Action</th>
            <th>Timeout</th>
            <th>{explanation ? "Rule" : ""}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ level, name, seconds, explained }) => {
            const node = viewer.byLevel.get(level);
            return (
              <tr key={level} className={node?.id === selected ? "selected" : ""}>
                <td style={{ paddingLeft: 6 + (level.split(".").length - 1) * 8 }}>
                  <button type="button" className="link" onClick={() => node && viewer.select(node.id)}>
                    <span className="level">{level}</span> {name}
                  </button>
                </td>
                <td className="number">
                  {durationText(seconds)}
                  {explained?.capped_by !== undefined && <small>has {durationText(explained.effective)}</small>}
                </td>
                <td>
                  {explained?.timeout.rule}
                  {explained?.retries?.fits === "no" && <small className="warning">attempts do not fit</small>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

const flatten = (actions: ExplainedAction[]): Row[] =>
  actions.flatMap((action) => [
    { level: action.level, name: action.name, seconds: action.timeout.seconds, explained: action },
    ...flatten(action.pipeline ?? []),
  ]);
