import type { ErrorRecord } from "../../src/base/errors.js";
import type { Location } from "../../src/base/problem.js";
import { durationText, type GraphNode } from "../../src/visualize/graph-types.js";
import { EDGE_LOOKS } from "../../src/visualize/palette.js";
import { Icon } from "./icons.js";
import { clockText } from "./times.js";
import { useTheViewer, useViewer } from "./viewer.js";

/** What is selected, or, when nothing is, what the job is in. */
export function StatePanel() {
  const viewer = useTheViewer();
  const id = useViewer(({ selected, activeLeaf, graph }) => selected ?? activeLeaf ?? graph.root.id);
  const isSelected = useViewer(({ selected }) => selected !== undefined);
  const node = viewer.graph.nodes.get(id);
  const error = useViewer(({ moment }) => moment?.error);
  if (!node) return null;
  return (
    <>
      {error && <ErrorView error={error} />}
      {!isSelected && (
        <p className="hint">
          {viewer.hasRun
            ? "What the job is in. Select a state to see that one."
            : "Select a state to see what it does, where its timeout comes from, and its lines of YAML."}
        </p>
      )}
      <NodeView node={node} />
    </>
  );
}

function NodeView({ node }: { node: GraphNode }) {
  const viewer = useTheViewer();
  const title = node.kind === "job" ? viewer.view.title : node.label;
  return (
    <section>
      <h2>
        {node.level && <span className="level">{node.level}</span>} {title}
      </h2>
      {node.detail && <p>{node.detail}</p>}
      <p className="path">
        <code>{node.id}</code>
      </p>
      <dl>
        {node.timeout !== undefined && (
          <>
            <dt>Timeout</dt>
            <dd>
              {durationText(node.timeout)}
              <TimeUsed node={node} />
            </dd>
          </>
        )}
        {node.maxRetries !== undefined && node.maxRetries > 1 && (
          <>
            <dt>Attempts</dt>
            <dd>up to {node.maxRetries}</dd>
          </>
        )}
        {node.location && (
          <>
            <dt>{node.level ? "In the job" : "Machine"}</dt>
            <dd>
              <Place location={node.location} />
            </dd>
          </>
        )}
        {node.machine && (
          <>
            <dt>Machine</dt>
            <dd>
              <Place location={node.machine} />
            </dd>
          </>
        )}
      </dl>
      {node.level && <Rules level={node.level} />}
      {node.level && <Attempts level={node.level} />}
      <Transitions node={node} />
    </section>
  );
}

function TimeUsed({ node }: { node: GraphNode }) {
  const used = useViewer((viewer) => {
    const part = viewer.usedOf(node);
    return part === undefined ? undefined : (part * (node.timeout ?? 0)).toFixed(1);
  });
  return used === undefined ? null : <b className="using"> {used} s used</b>;
}

export function Place({ location: { file, line, column } }: { location: Location }) {
  const viewer = useTheViewer();
  const text = `${file}:${line}:${column}`;
  if (viewer.view.sources[file] === undefined) return <code>{text}</code>;
  return (
    <button type="button" className="link" onClick={() => viewer.showSource(file, line)}>
      {text}
    </button>
  );
}

/** Every rule that applied to the action's timeout; the last is the one in force. */
function Rules({ level }: { level: string }) {
  const viewer = useTheViewer();
  const explained = viewer.explained(level);
  if (!explained) return null;
  const { timeout, effective, capped_by, retries } = explained;
  return (
    <>
      <h3>Where its timeout comes from</h3>
      <ol className="rules">
        {timeout.chain.map(({ seconds, rule, location }, i) => (
          <li key={rule} className={i === timeout.chain.length - 1 ? "rule in-force" : "rule"}>
            <b>{durationText(seconds)}</b> {rule} {location && <Place location={location} />}
          </li>
        ))}
      </ol>
      {capped_by !== undefined && (
        <p>
          It has only {durationText(effective)}: {capped_by === "0" ? "the job" : `action ${capped_by}`} ends it
          earlier.
        </p>
      )}
      {retries && retries.fits === "no" && (
        <p className="warning">
          Its {retries.attempts} attempts do not fit: {durationText(retries.short_by)} are missing.
        </p>
      )}
    </>
  );
}

function Attempts({ level }: { level: string }) {
  const viewer = useTheViewer();
  useViewer(({ timeline }) => timeline.records.length);
  const spans = viewer.timeline.spans.filter((span) => span.level === level);
  if (!viewer.hasRun) return null;
  if (spans.length === 0) return <p className="hint">It has not run.</p>;
  return (
    <>
      <h3>When it ran</h3>
      <ul className="attempts">
        {spans.map((span, i) => (
          <li key={span.start}>
            <button type="button" className="link" onClick={() => viewer.jump(span.start)}>
              {clockText(span.start - viewer.start)}
            </button>
            {" – "}
            {span.end === undefined ? (
              "…"
            ) : (
              <button type="button" className="link" onClick={() => viewer.jump(span.end as number)}>
                {clockText(span.end - viewer.start)}
              </button>
            )}{" "}
            <span className={`word is-${span.status}`}>
              <Icon name={span.status === "failed" ? "cross" : span.status === "running" ? "dot" : "check"} size={11} />{" "}
              {span.status}
            </span>
            {spans.length > 1 && ` (${i + 1})`}
            {span.error && <ErrorView error={span.error} />}
          </li>
        ))}
      </ul>
    </>
  );
}

function Transitions({ node }: { node: GraphNode }) {
  const viewer = useTheViewer();
  const list = viewer.graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
  if (list.length === 0) return null;
  return (
    <>
      <h3>Transitions</h3>
      <ul className="transitions">
        {list.map(({ id, from, to, kind, label }) => {
          const out = from === node.id;
          const other = viewer.graph.nodes.get(out ? to : from);
          return (
            <li key={id}>
              <span className={`word edge-text-${kind}`}>
                {out ? "→" : "←"} {EDGE_LOOKS[kind].name}
              </span>{" "}
              <button type="button" className="link" onClick={() => other && viewer.select(other.id)}>
                {[other?.level, other?.label || "start"].filter(Boolean).join(" ")}
              </button>
              {label && <code>{label}</code>}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** The first line says what happened; a board may have said much more. */
function Message({ text }: { text: string }) {
  const [first = "", ...more] = text.split("\n");
  return (
    <>
      <p>{first}</p>
      {more.length > 0 && (
        <details>
          <summary>
            {more.length} more line{more.length === 1 ? "" : "s"}
          </summary>
          <pre>{more.join("\n")}</pre>
        </details>
      )}
    </>
  );
}

/** An error in words, with what to do, and why a wait did not end. */
export function ErrorView({ error }: { error: ErrorRecord }) {
  const viewer = useTheViewer();
  const where = viewer.byLevel.get(error.level ?? "");
  const name = `${error.level} ${error.action ?? ""}`;
  return (
    <div className="error">
      <h3>
        <Icon name="cross" size={12} /> {error.class}
        {error.level && (
          <small>
            in{" "}
            {where ? (
              <button type="button" className="link" onClick={() => viewer.select(where.id)}>
                {name}
              </button>
            ) : (
              name
            )}
          </small>
        )}
      </h3>
      <Message text={error.message} />
      {error.location && (
        <p>
          at <Place location={error.location} />
        </p>
      )}
      {error.advice && <p className="advice">{error.advice.split("\n")[0]}</p>}
      {error.stuck && error.stuck.length > 0 && (
        <>
          <h4>Stuck because</h4>
          <ul className="stuck">
            {error.stuck.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
      {error.cause && error.cause !== error.message && <pre>{error.cause}</pre>}
    </div>
  );
}
