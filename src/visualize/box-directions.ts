/** Whether what is in a box goes down or to the right: chosen so that the whole has about the shape of a screen. */
import { nodeSize, type Size } from "./node-size.js";
import type { VisibleNode } from "./visible-graph.js";

/** Proportion of width to height that the whole should have. */
const SHAPE = 1.5;
/** A plain list goes down as long as it is no longer than this. */
const LONGEST_LIST = 18;

type Form = "tall" | "wide";
/** An estimate of a box with its contents in one direction, and its inner boxes in one form. */
interface Choice extends Size {
  down: boolean;
  inner: Form;
}
type Plan = Map<string, Choice[]>;

const ratio = ({ width, height }: Size) => Math.log(width / height);
const least = (choices: Choice[], cost: (choice: Choice) => number): Choice =>
  choices.reduce((best, choice) => (cost(choice) < cost(best) ? choice : best));
const inForm = (choices: Choice[], form: Form): Choice =>
  least(choices, (choice) => (form === "tall" ? ratio(choice) : -ratio(choice)));

function choices(seen: VisibleNode, plan: Plan): Choice[] {
  if (!seen.open) return [{ ...nodeSize(seen), down: true, inner: "tall" }];
  const each = seen.children.map((child) => choices(child, plan));
  const { children } = seen;
  // States with words on their arrows need the height that is between lines, not the width of the words.
  const talk = !children.some(({ node }) => node.kind === "action" || node.kind === "group");
  const list = talk || (!children.some(({ open }) => open) && each.length <= LONGEST_LIST);
  const made = (["tall", "wide"] as const).flatMap((inner): Choice[] => {
    const sizes = each.map((some) => inForm(some, inner));
    const sum = (key: keyof Size, gap: number) => sizes.reduce((all, size) => all + size[key] + gap, 0);
    const most = (key: keyof Size, gap: number) => Math.max(...sizes.map((size) => size[key])) + gap;
    const down = { width: most("width", 120), height: sum("height", 30) + 76, down: true, inner };
    return list ? [down] : [down, { width: sum("width", 40) + 36, height: most("height", 130), down: false, inner }];
  });
  plan.set(seen.node.id, made);
  return made;
}

/** For each open box: true when its contents go down. */
export function directions(root: VisibleNode): Map<string, boolean> {
  const plan: Plan = new Map();
  choices(root, plan);
  const chosen = new Map<string, boolean>();
  const choose = ({ node, children }: VisibleNode, take: (some: Choice[]) => Choice) => {
    const choice = take(plan.get(node.id) ?? []);
    chosen.set(node.id, choice.down);
    for (const child of children) if (child.open) choose(child, (some) => inForm(some, choice.inner));
  };
  if (root.open) choose(root, (some) => least(some, (choice) => Math.abs(ratio(choice) - Math.log(SHAPE))));
  return chosen;
}
