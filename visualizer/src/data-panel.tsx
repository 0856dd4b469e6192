import type { Json } from "../../src/base/json.js";
import { useViewer } from "./viewer.js";

/** The chart's context at this moment: data of each namespace, variables of the dialogue, kernel messages. */
export function DataPanel() {
  const data = useViewer(({ moment }) => moment?.data);
  const level = useViewer(({ activeLeaf, graph }) => {
    for (let at = graph.nodes.get(activeLeaf ?? ""); at; at = graph.nodes.get(at.parent ?? ""))
      if (at.level) return at.level;
    return undefined;
  });
  const variables = useViewer(({ moment }) => (level === undefined ? undefined : moment?.dialogues[level]));
  const kernel = useViewer(({ moment }) => moment?.kernel.length ?? 0);
  const messages = useViewer(({ moment }) => moment?.kernel);
  const last = useViewer(({ moment }) => moment?.lastEvent?.type);
  return (
    <section>
      {last && (
        <p>
          Last event: <code>{last}</code>
        </p>
      )}
      {variables && (
        <>
          <h3>Dialogue of {level}</h3>
          <Tree value={variables} open={2} />
        </>
      )}
      {Object.entries(data ?? {}).map(([namespace, values]) => (
        <div key={namespace}>
          <h3>Namespace {namespace}</h3>
          <Tree value={values} open={3} />
        </div>
      ))}
      {Object.keys(data ?? {}).length === 0 && <p className="hint">No action has left data yet.</p>}
      {kernel > 0 && (
        <>
          <h3>Kernel messages</h3>
          <ul className="stuck">
            {messages?.map(({ t, kind, message }) => (
              <li key={`${t} ${message}`}>
                <b>{kind}</b> {message}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Tree({ value, open }: { value: Json; open: number }) {
  if (value === null || typeof value !== "object")
    return <code className={`json-${typeof value}`}>{JSON.stringify(value)}</code>;
  const entries = Array.isArray(value) ? value.map((item, i): [string, Json] => [`${i}`, item]) : Object.entries(value);
  if (entries.length === 0) return <code>{Array.isArray(value) ? "[]" : "{}"}</code>;
  return (
    <ul className="json">
      {entries.map(([key, item]) => (
        <li key={key}>
          {item !== null && typeof item === "object" && Object.keys(item).length > 0 ? (
            <details open={open > 1}>
              <summary>{key}</summary>
              <Tree value={item} open={open - 1} />
            </details>
          ) : (
            <>
              <span className="key">{key}</span> <Tree value={item} open={0} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
