/** Namespaces and names that are counted, at most: no job has as many actions. */
const MOST = 100_000;

/** Counts how often actions began, by namespace and name. */
export class Starts {
  readonly all = new Map<string, Map<string, number>>();
  #kept = 0;

  add(action: string, namespace = ""): void {
    const here = this.all.get(namespace) ?? new Map<string, number>();
    const count = here.get(action) ?? 0;
    if (count === 0 && ++this.#kept > MOST) return;
    here.set(action, count + 1);
    this.all.set(namespace, here);
  }
}
