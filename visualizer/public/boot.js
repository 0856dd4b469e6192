// Begins what takes longest while the page's own script still comes: the job's data, and the layout worker. That one lays
// out a little graph at once: what it has compiled for it is ready when the job's chart comes.
const worker = new Worker("elk-worker.js");
window.lavaDispatch = { worker, view: fetch("view.json") };
const port = (id, side) => ({ id, layoutOptions: { "elk.port.side": side } });
const node = (id, more) => ({
  id,
  width: 90,
  height: 40,
  ports: [port(`${id}i`, "NORTH"), port(`${id}o`, "SOUTH")],
  layoutOptions: { "elk.portConstraints": "FIXED_SIDE" },
  ...more,
});
const edge = (from, to) => ({
  id: from + to,
  sources: [`${from}o`],
  targets: [`${to}i`],
  labels: [{ text: "x", width: 10, height: 10 }],
});
const box = (id, children, edges) => ({
  ...node(id),
  children,
  edges,
  layoutOptions: {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.crossingMinimization.strategy": "NONE",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  },
});
const inner = box(
  "b",
  ["c", "d", "e"].map((id) => node(id)),
  [edge("c", "d"), edge("d", "e"), edge("e", "c"), edge("c", "e")],
);
worker.postMessage({ id: -2, cmd: "register", algorithms: ["layered"] });
worker.postMessage({
  id: -1,
  cmd: "layout",
  graph: box("a", [inner, node("f")], [edge("b", "f")]),
  layoutOptions: {},
  options: {},
});
