/** What somebody chose in an earlier visit. */
export function readChoice(key: string): string | undefined {
  try {
    return localStorage.getItem(`lava-dispatch.${key}`) ?? undefined;
  } catch {
    return undefined; // A file opened from disk may have no storage.
  }
}
export function keepChoice(key: string, value: string): void {
  try {
    localStorage.setItem(`lava-dispatch.${key}`, value);
  } catch {
    // Then the choice lasts as long as the page.
  }
}
