import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { Path } from "./machine-file.js";
import type {
  CelTree,
  DiagnosisDefinition,
  DialogueDefinition,
  DialogueState,
  WatcherDefinition,
} from "./machines-types.js";
import type { MachineReader } from "./read-pipeline.js";

/** States that the chart adds beside a dialogue's own (src/statechart). */
const RESERVED = ["preparing"];

const TRANSITIONS = ["expect", "always"] as const;
const TIMED = ["after", "silence"] as const;

/** All transitions of a state with their places. */
function transitions(state: JsonMap, path: Path): { transition: JsonMap; at: Path }[] {
  const lists = TRANSITIONS.flatMap((key) =>
    Array.isArray(state[key]) ? state[key].map((each, i) => ({ transition: each, at: [...path, key, i] })) : [],
  );
  const timed = TIMED.filter((key) => isMap(state[key])).map((key) => ({
    transition: state[key] as Json,
    at: [...path, key],
  }));
  return [...lists, ...timed].map(({ transition, at }) => ({ transition: isMap(transition) ? transition : {}, at }));
}

function checkError(reader: MachineReader, error: Json | undefined, path: Path): void {
  if (!isMap(error)) return;
  reader.text(error.message, [...path, "message"]);
  reader.text(error.advice, [...path, "advice"]);
}

function checkState(reader: MachineReader, name: string, state: JsonMap, path: Path): void {
  if (isMap(state.send)) {
    const { secret: _, ...expressions } = state.send;
    reader.tree(expressions, [...path, "send"]);
  }
  const all = transitions(state, path);
  for (const { transition, at } of all) {
    for (const key of ["prompt", "pattern", "guard", "delay", "incomplete"]) reader.cel(transition[key], [...at, key]);
    reader.tree(transition.assign, [...at, "assign"]);
    reader.tree(transition.save, [...at, "save"]);
    reader.tree(transition.result, [...at, "result"]);
    reader.tree(transition.extra, [...at, "extra"]);
    checkError(reader, transition.error, [...at, "error"]);
    if (isMap(transition.log)) reader.text(transition.log.message, [...at, "log", "message"]);
    if (transition.signal !== undefined && state.signals !== true)
      reader.source.refuse(
        [...at, "signal"],
        `State "${name}" waits for a test signal but does not take them.`,
        "add `signals: true` to the state",
      );
    const { target, error, assign, save, log, result, extra } = transition;
    const effects = [target, error, assign, save, log, result, extra];
    if (effects.every((effect) => effect === undefined)) reader.source.refuse(at, "This transition does nothing.");
    if (at.at(-2) === "expect" && !["prompt", "pattern", "signal"].some((key) => transition[key] !== undefined))
      reader.source.refuse(at, "An entry of `expect` needs a `prompt`, a `pattern` or a `signal`.");
  }
  if (state.type !== "final" && all.length === 0)
    reader.source.refuse(path, `State "${name}" has no way out: it is neither final nor has it a transition.`);
}

/** States that no transition leads to, and targets that do not exist. */
function checkTargets(reader: MachineReader, states: JsonMap, initial: string): void {
  const reached = new Set<string>();
  const queue = [initial];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name) || !Object.hasOwn(states, name)) continue;
    reached.add(name);
    const state = states[name];
    if (isMap(state))
      for (const { transition } of transitions(state, []))
        if (typeof transition.target === "string") queue.push(transition.target);
  }
  for (const [name, state] of Object.entries(states)) {
    if (!isMap(state)) continue;
    for (const { transition, at } of transitions(state, ["states", name]))
      if (typeof transition.target === "string" && !Object.hasOwn(states, transition.target))
        reader.unknown([...at, "target"], "state", transition.target, Object.keys(states));
    if (!reached.has(name))
      reader.source.refuse(["states", name], `State "${name}" cannot be reached from "${initial}".`);
  }
}

/** Reads machines/dialogues/*.yaml; refuses unknown targets, states without a way in or out, broken expressions. */
export function readDialogue(reader: MachineReader): DialogueDefinition {
  const { map } = reader.source;
  const states = isMap(map.states) ? map.states : {};
  const initial = String(map.initial);
  reader.tree(map.context, ["context"]);
  reader.tree(map.unfinished, ["unfinished"]);
  reader.cel(map.kernel_messages, ["kernel_messages"]);
  if (!Object.hasOwn(states, initial)) reader.unknown(["initial"], "state", initial, Object.keys(states));
  else checkTargets(reader, states, initial);
  const read: { [name: string]: DialogueState } = {};
  for (const [name, value] of Object.entries(states)) {
    const state = isMap(value) ? value : {};
    if (RESERVED.includes(name))
      reader.source.refuse(["states", name], `"${name}" is a state that every dialogue has already.`);
    checkState(reader, name, state, ["states", name]);
    const timed = TIMED.flatMap((key) =>
      isMap(state[key]) ? [[key, { ...state[key], delay: String(state[key].delay) }]] : [],
    );
    read[name] = {
      ...state,
      ...Object.fromEntries(timed),
      location: reader.source.locate(["states", name]),
    } as unknown as DialogueState;
  }
  return {
    dialogue: String(map.dialogue),
    context: (isMap(map.context) ? map.context : {}) as { [name: string]: CelTree },
    initial,
    states: read,
    ...(map.kernel_messages !== undefined && { kernel_messages: String(map.kernel_messages) }),
    ...(map.unfinished !== undefined && { unfinished: map.unfinished as CelTree }),
    location: reader.source.locate(["dialogue"]),
  };
}

/** Reads machines/watchers.yaml. */
export function readWatchers(reader: MachineReader): WatcherDefinition[] {
  return reader.list(reader.source.map.watchers, ["watchers"], (value, path) => {
    const map = isMap(value) ? value : {};
    for (const key of ["pattern", "prompt", "until", "when", "form"]) reader.cel(map[key], [...path, key]);
    const grace = isMap(map.grace) ? map.grace : {};
    for (const key of ["sure", "pause", "life"]) reader.cel(grace[key], [...path, "grace", key]);
    const ask = isMap(grace.ask) ? grace.ask : {};
    for (const key of ["control", "echo", "restarts"]) reader.cel(ask[key], [...path, "grace", "ask", key]);
    reader.text(map.kind, [...path, "kind"]);
    checkError(reader, map.error, [...path, "error"]);
    if ((map.pattern === undefined) === (map.prompt === undefined))
      reader.source.refuse(path, "A watcher has either a `pattern` or a `prompt`.");
    return { ...map, location: reader.source.locate(path) } as unknown as WatcherDefinition;
  });
}

/** Reads machines/diagnoses/*.yaml. */
export function readDiagnosis(reader: MachineReader): DiagnosisDefinition {
  const { map } = reader.source;
  for (const key of ["when", "heard", "unheard", "unlike"]) reader.cel(map[key], [key]);
  return { ...map, location: reader.source.locate(["diagnosis"]) } as unknown as DiagnosisDefinition;
}
